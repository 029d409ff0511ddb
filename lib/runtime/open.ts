import type { Runtime } from "./runtime.ts";

/** The runtime that this process is on. */
export async function openRuntime(): Promise<Runtime> {
  return (await import("./deno.ts")).denoRuntime();
}
