/**
 * Runs `webhook_bench.ts` by `deno bench` and holds its sum against the goal. Exits 1 when it is missed.
 */
import { fileOf } from "../../tests/support/files.ts";
import { succeed } from "../../tests/support/process.ts";
import { parseBench } from "./bench_output.ts";
import { describeMachine } from "./machine.ts";
import { markdownTable, shown, verdictOn } from "./markdown.ts";

/** Microseconds for a webhook, on two cores. */
const MOST_MICROSECONDS = 30;

const BENCH = "tools/bench/webhook_bench.ts";

console.log(`${await describeMachine()}\n`);
const bench = ["bench", "--no-prompt", "--allow-read", "--allow-env=NODE_ENV", "--json", BENCH];
const rows = parseBench(await succeed([Deno.execPath(), ...bench], { cwd: fileOf("") }));
console.log(markdownTable(
  ["Step", "µs", "p75", "p99"],
  rows.map(({ name, mean, p75, p99 }) => [name, shown(mean, 1), shown(p75, 1), shown(p99, 1)]),
));
const together = rows.find(({ name }) => name.startsWith("all together"))?.mean ?? NaN;
console.log(
  `\n- all together ${together.toFixed(1)} µs, ${verdictOn(together, { atMost: MOST_MICROSECONDS })}`,
);
Deno.exit(together <= MOST_MICROSECONDS ? 0 : 1);
