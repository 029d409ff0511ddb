import { Alarm } from "./lib/outbox/alarm.ts";
import { run } from "./lib/cli/run.ts";
import { ringEveryMinute } from "./lib/outbox/deploy_cron.ts";

const alarm = new Alarm();
// Deno Deploy finds crons while it evaluates this module: the one effect that a module here has when it is loaded.
if (Deno.env.get("DENO_DEPLOY")) ringEveryMinute(alarm);

if (import.meta.main) Deno.exit(await run(Deno.args, alarm));
