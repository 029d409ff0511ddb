import { run } from "./lib/cli/run.ts";
import { openRuntime } from "./lib/runtime/open.ts";

// The thread of the outbox imports this module, which is the whole program when it is bundled, and calls this.
export { serveSqlite } from "./lib/outbox/sqlite/serve.ts";

// Not awaited here: with the whole program waiting in the stack, V8 parses all of it again for the first error's trace.
if (import.meta.main) queueMicrotask(main);

async function main(): Promise<never> {
  const runtime = await openRuntime(import.meta.url);
  return runtime.exit(await run(runtime));
}
