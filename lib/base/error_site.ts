import { constant, type Redacted, scrub } from "./redact.ts";
/**
 * What may be logged of an unexpected error: its kind and where it came from. Its message may quote what was being
 * worked on, and is left out.
 */
export function describeFault(error: unknown): { readonly error: Redacted; readonly at: Redacted } {
  if (!(error instanceof Error)) return { error: constant(typeof error), at: constant("unknown") };
  const frames = (error.stack ?? "").replace(error.message, "").split("\n").filter((line) =>
    /^\s+at /.test(line)
  );
  return {
    error: scrub(error.name, []),
    at: scrub(frames.slice(0, 3).map((line) => line.trim().slice(3)).join(" < ") || "unknown", [], 1_000),
  };
}
