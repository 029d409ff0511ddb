import type { Runtime } from "./runtime.ts";

/** The runtime that this process is on. The other one's modules are never loaded. */
export async function openRuntime(): Promise<Runtime> {
  return "Deno" in globalThis
    ? (await import("./deno.ts")).denoRuntime()
    : await (await import("./node.ts")).nodeRuntime();
}
