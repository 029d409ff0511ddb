import { run } from "./lib/cli/run.ts";
import { openRuntime } from "./lib/runtime/open.ts";

if (import.meta.main) {
  const runtime = await openRuntime();
  runtime.exit(await run(runtime));
}
