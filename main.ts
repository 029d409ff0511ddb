import { run } from "./lib/cli/run.ts";
import { openRuntime } from "./lib/runtime/open.ts";

// The thread of the outbox imports this module, which is the whole program when it is bundled, and calls this.
export { serveSqlite } from "./lib/outbox/sqlite_worker.ts";

if (import.meta.main) {
  const runtime = await openRuntime();
  runtime.exit(await run(runtime, import.meta.url));
}
