import type { Runtime } from "./runtime.ts";

/**
 * The runtime that this process is on. The other one's modules are never loaded.
 *
 * @param module the address of the program's first module
 */
export async function openRuntime(module: string): Promise<Runtime> {
  return "Deno" in globalThis
    ? (await import("./deno.ts")).denoRuntime(module)
    : await (await import("./node.ts")).nodeRuntime(module);
}
