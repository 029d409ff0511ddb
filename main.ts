import { run } from "./lib/cli/run.ts";
import { openRuntime } from "./lib/runtime/open.ts";

// The thread of the outbox imports this module, which is the whole program when it is bundled, and calls this.
export { serveSqlite } from "./lib/outbox/sqlite/worker.ts";

if (import.meta.main) {
  const runtime = await openRuntime(import.meta.url);
  runtime.exit(await run(runtime));
}
