/**
 * The service under load beside bare minimums and an earlier commit, in rounds. `--help` tells the options.
 *
 * Exits 1 when a goal is missed or a count is wrong.
 */
import { parseArgs } from "node:util";
import { fileOf } from "../../tests/support/files.ts";
import { buildAll } from "./builds.ts";
import { fileSystemOf, IN_MEMORY } from "./file_system.ts";
import { wrongCount } from "./load/count.ts";
import { resultsOf } from "./load/results.ts";
import { measure, type Run } from "./load/run.ts";
import { startStandIn, subjectsOf } from "./load/subjects.ts";
import { requestTemplate } from "./load/webhooks.ts";
import { describeMachine, kernelSays } from "./machine.ts";
import { refuse, someOf, wholeNumber } from "./options.ts";

const HELP = `deno task bench load [options]

  --beside REV      a commit that is measured too: 0d406aa is the first version
  --node PATH       a Node.js that runs the same bundle
  --executable PATH an executable of the service
  --postgres URL    a database for the outbox
  --only A,B        these subjects alone, by the names that the table has
  --rounds N        rounds, each with every subject in another order (7)
  --seconds N       measured seconds per subject and round (3)
  --warm-up N       seconds before that (2)
  --connections N   connections of wrk, each with one request at a time (16)
  --folder PATH     folder for log and outbox, on a disk (build/bench)
  --window TIME     DEDUP_WINDOW in direct mode (1s: what is remembered is forgotten at the same rate)
  --json PATH       a file for every run's numbers`;

const text = { type: "string" } as const;
const { values } = parseArgs({
  args: Deno.args,
  options: {
    help: { type: "boolean", default: false },
    ...{ beside: text, node: text, executable: text, postgres: text, only: text, json: text },
    rounds: { ...text, default: "7" },
    seconds: { ...text, default: "3" },
    "warm-up": { ...text, default: "2" },
    connections: { ...text, default: "16" },
    folder: { ...text, default: fileOf("build/bench") },
    window: { ...text, default: "1s" },
  },
});
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}

const rounds = wholeNumber("rounds", values.rounds);
const seconds = wholeNumber("seconds", values.seconds);
const warmUp = wholeNumber("warm-up", values["warm-up"]);
const connections = wholeNumber("connections", values.connections);
Deno.mkdirSync(values.folder, { recursive: true });
const parent = Deno.realPathSync(values.folder);
const fileSystem = fileSystemOf(parent, await kernelSays("/proc/self/mounts"));
if (IN_MEMORY.includes(fileSystem)) {
  refuse("--folder must be on a disk, for the outbox", `${parent}, on ${fileSystem}`);
}

const folder = Deno.makeTempDirSync({ dir: parent });
const runs = new Map<string, Run[]>();
const wrong: string[] = [];
const machine = await describeMachine();
try {
  const all = subjectsOf(await buildAll({ ...values, folder }), values.postgres);
  const only = values.only && someOf("only", values.only, all.map(({ name }) => name));
  const subjects = only ? all.filter(({ name }) => only.includes(name)) : all;
  for (const { name } of subjects) runs.set(name, []);
  console.log(`${machine}. Outbox and log on ${fileSystem}.`);
  console.log(`${rounds} rounds of ${seconds} s with ${connections} connections.\n`);
  await using standIn = await startStandIn();
  const template = `${folder}/request`;
  Deno.writeTextFileSync(template, requestTemplate("127.0.0.1"));
  const { window } = values;
  const plan = { connections, seconds, warmUp, template, folder, platformX: standIn.url, window };
  for (let round = 0; round < rounds; round++) {
    // Each subject is first, second, third, … in turn, and has other neighbours in every second round.
    const order = subjects.map((_, place) => subjects[(place + round) % subjects.length]!);
    for (const subject of round % 2 === 0 ? order : order.toReversed()) {
      const run = await measure(subject, plan);
      runs.get(subject.name)!.push(run);
      const problem = wrongCount(run, connections, subject.tracks);
      if (problem !== undefined) wrong.push(`${subject.name}, round ${round + 1}: ${problem}`);
      const told = `${run.perSecond.toFixed(0).padStart(6)}/s ${run.processor.toFixed(0).padStart(5)} µs`;
      console.error(`round ${round + 1}: ${subject.name.padEnd(20)} ${told}`);
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const { lines, missed } = resultsOf(runs, values.beside && ` @${values.beside}`);
console.log(lines.join("\n"));
for (const problem of wrong) console.log(`WRONG COUNT: ${problem}`);
if (wrong.length === 0) {
  console.log("Counts: every webhook answered 2xx is exactly one event, if it is tracked.");
}
if (values.json !== undefined) {
  const plan = { rounds, seconds, warmUp, connections, fileSystem };
  Deno.writeTextFileSync(values.json, JSON.stringify({ machine, plan, runs: Object.fromEntries(runs) }));
}
Deno.exit(missed > 0 || wrong.length > 0 ? 1 : 0);
