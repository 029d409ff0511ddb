/**
 * Runs `webhook_bench.ts` by `deno bench` and holds its sum against the goal. Exits 1 when it is missed.
 */
import { fileURLToPath } from "node:url";
import { parseBench } from "./bench_output.ts";
import { describeMachine } from "./machine.ts";
import { markdownTable, shown, verdictOn } from "./markdown.ts";

/** Microseconds for a webhook, on two cores. */
const MOST_MICROSECONDS = 30;

const BENCH = fileURLToPath(new URL("webhook_bench.ts", import.meta.url));

console.log(`${await describeMachine()}\n`);
const { success, stdout } = await new Deno.Command(Deno.execPath(), {
  args: ["bench", "--no-prompt", "--allow-read", "--allow-env=NODE_ENV", "--json", BENCH],
  stdin: "null",
  stderr: "inherit",
}).output();
if (!success) Deno.exit(1);
const rows = parseBench(new TextDecoder().decode(stdout));
console.log(markdownTable(
  ["Step", "µs", "p75", "p99"],
  rows.map(({ name, mean, p75, p99 }) => [name, shown(mean, 1), shown(p75, 1), shown(p99, 1)]),
));
const together = rows.find(({ name }) => name.startsWith("all together"))?.mean ?? NaN;
console.log(
  `\n- all together ${together.toFixed(1)} µs, ${verdictOn(together, { atMost: MOST_MICROSECONDS })}`,
);
Deno.exit(together <= MOST_MICROSECONDS ? 0 : 1);
