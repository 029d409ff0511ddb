/**
 * What may be logged of an unexpected error: its kind and where it came from. Its message may quote what was being
 * worked on, and is left out.
 */
export function describeFault(error: unknown): { readonly error: string; readonly at: string } {
  if (!(error instanceof Error)) return { error: typeof error, at: "unknown" };
  const frames = (error.stack ?? "").replace(error.message, "").split("\n").filter((line) =>
    /^\s+at /.test(line)
  );
  return {
    error: error.name,
    at: frames.slice(0, 3).map((line) => line.trim().slice(3)).join(" < ") || "unknown",
  };
}
