/**
 * The service under load beside a bare minimum, in rounds. `--help` tells the options.
 *
 * Exits 1 when a goal is missed or a count is wrong.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileOf } from "../../tests/support/files.ts";
import { tellResults } from "./load/results.ts";
import { wrongCount } from "./load/count.ts";
import { measure, type Run } from "./load/run.ts";
import { describeService, startStandIn, type SubjectName, SUBJECTS } from "./load/subjects.ts";
import { requestTemplate } from "./load/webhooks.ts";
import { fileSystemOf, IN_MEMORY } from "./file_system.ts";
import { describeMachine, kernelSays } from "./machine.ts";
import { refuse, someOf, wholeNumber } from "./options.ts";

const HELP = `deno task bench load [options]

  --rounds N        rounds, each with every subject in another order (5)
  --seconds N       measured seconds per subject and round (5)
  --warm-up N       seconds before that (2)
  --connections N   connections of wrk, each with one request at a time (32)
  --only A,B        subjects: ${SUBJECTS.join(", ")}
                    (bare, direct WARNING, direct INFO, outbox INFO)
  --folder PATH     folder for log and outbox, on a disk (build/bench)
  --window TIME     DEDUP_WINDOW in direct mode (1s: what is remembered is forgotten at the same rate)
  --profile PATH    folder for profiles of the service's processor time, with 'deno run' of Deno 2.9

EXECUTABLE measures the compiled service instead of 'deno run'; DENO is the Deno that runs the bare minimum then.`;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    help: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "2" },
    connections: { type: "string", default: "32" },
    only: { type: "string", default: "bare,direct WARNING,direct INFO,outbox INFO" },
    folder: { type: "string", default: fileOf("build/bench") },
    window: { type: "string", default: "1s" },
    profile: { type: "string" },
  },
});
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}

const names = someOf("only", values.only, SUBJECTS);
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
const runs = new Map<SubjectName, Run[]>(names.map((name) => [name, []]));
const wrong: string[] = [];
try {
  console.log(`${await describeMachine()}. Outbox and log on ${fileSystem}. Service: ${describeService()}.`);
  console.log(`${rounds} rounds of ${seconds} s with ${connections} connections.\n`);
  await using standIn = await startStandIn();
  const template = `${folder}/request`;
  Deno.writeTextFileSync(template, requestTemplate("127.0.0.1"));
  const plan = {
    connections,
    seconds,
    warmUp,
    template,
    folder,
    platformX: standIn.url,
    window: values.window,
    profile: values.profile === undefined ? undefined : resolve(values.profile),
  };
  for (let round = 0; round < rounds; round++) {
    // Each subject is first, second, third, … in turn: whoever comes later may meet a warmer machine.
    const order = names.map((_, place) => names[(place + round) % names.length]!);
    for (const name of order) {
      const run = await measure(name, plan);
      runs.get(name)!.push(run);
      const problem = wrongCount(run, connections);
      if (problem !== undefined) wrong.push(`${name}, round ${round + 1}: ${problem}`);
      console.error(`round ${round + 1}: ${name.padEnd(14)} ${run.perSecond.toFixed(0).padStart(6)}/s`);
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const missed = tellResults(runs);
for (const problem of wrong) console.log(`WRONG COUNT: ${problem}`);
if (wrong.length === 0) console.log("Counts: every webhook answered 2xx is exactly one event.");
Deno.exit(missed > 0 || wrong.length > 0 ? 1 : 0);
