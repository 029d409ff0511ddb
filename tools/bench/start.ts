/**
 * First answer, first webhook and memory at rest of the service, beside an empty `Deno.serve`, started in turn.
 * `--help` tells the options.
 *
 * Exits 1 when a goal is missed.
 */
import { parseArgs } from "node:util";
import { fileOf } from "../../tests/support/files.ts";
import { type Build, buildAll, byDeno } from "./builds.ts";
import { commandOf, startStandIn, type Subject } from "./load/subjects.ts";
import { describeMachine } from "./machine.ts";
import { markdownTable, shown, shownSpread, verdictOn } from "./markdown.ts";
import { wholeNumber } from "./options.ts";
import { type Candidate, type Start, startOnce } from "./start/once.ts";
import { ratiosOf, spreadOf } from "./statistics.ts";

const HELP = `deno task bench start [options]

  --beside REV       a commit that is started too: 0d406aa is the first version
  --node PATH        a Node.js that runs the same bundle
  --executable PATH  an executable of the service, beside the one of
  --empty PATH       tools/bench/start/empty.ts, compiled by the same Deno: deno compile --allow-net --no-code-cache
  --starts N         starts of each (20)`;

/** The goals, beside the empty server; the last in milliseconds. */
const GOALS = {
  direct: { firstAnswer: 1.6, memory: 1.35 },
  outbox: { firstAnswer: 1.9, memory: Infinity },
  "direct executable": { firstAnswer: 1.6, memory: 1.12 },
} as const;
const FIRST_WEBHOOK = 25;

const text = { type: "string" } as const;
const { values } = parseArgs({
  args: Deno.args,
  options: {
    help: { type: "boolean", default: false },
    ...{ beside: text, node: text, executable: text, empty: text },
    starts: { ...text, default: "20" },
  },
});
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const count = wholeNumber("starts", values.starts);
Deno.mkdirSync(fileOf("build/bench"), { recursive: true });
const folder = Deno.makeTempDirSync({ dir: fileOf("build/bench") });
const EMPTY = "empty";

function candidatesOf(builds: readonly Build[], platformX: string): readonly Candidate[] {
  const setting = { folder, platformX, window: "1h" };
  const empty = (name: string, program: readonly string[]): Candidate => ({
    name,
    base: name,
    start: (port) => ({ program: [...program, port], environment: { HOME: Deno.env.get("HOME") ?? folder } }),
  });
  const script = byDeno(fileOf("tools/bench/start/empty.ts"));
  return [
    empty(EMPTY, script),
    ...values.empty === undefined ? [] : [empty(`${EMPTY} executable`, [Deno.realPathSync(values.empty)])],
    ...builds.flatMap((build) =>
      [["direct", undefined], ["outbox", "file"]].map(([mode, outbox]) => {
        const name = mode + build.label;
        const subject: Subject = { name, build, outbox, tracks: true };
        const base = build.label === " executable" && values.empty ? `${EMPTY} executable` : EMPTY;
        return { name, base, start: (port: string) => commandOf(subject, port, setting) };
      })
    ),
  ];
}

const starts = new Map<string, Start[]>();
let candidates: readonly Candidate[] = [];
try {
  const builds = await buildAll({ ...values, folder });
  await using standIn = await startStandIn();
  candidates = candidatesOf(builds, standIn.url);
  for (const candidate of candidates) {
    await startOnce(candidate, folder); // the files are in memory now
    starts.set(candidate.name, []);
  }
  for (let n = 0; n < count; n++) {
    for (let place = 0; place < candidates.length; place++) {
      const candidate = candidates[(n + place) % candidates.length]!;
      starts.get(candidate.name)!.push(await startOnce(candidate, folder));
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

console.log(`${await describeMachine()}. ${count} starts of each in turn.\n`);
const goals: string[] = [];
const rows = candidates.map(({ name, base }) => {
  const of = (value: (start: Start) => number) => {
    const own = starts.get(name)!.map(value);
    return { own: spreadOf(own), ratio: spreadOf(ratiosOf(own, starts.get(base)!.map(value))) };
  };
  const [time, memory] = [of((start) => start.firstAnswer), of((start) => start.memory)];
  const webhook = spreadOf(starts.get(name)!.map((start) => start.firstWebhook));
  const goal = Object.entries(GOALS).find(([subject]) => subject === name)?.[1];
  if (goal !== undefined) {
    const told = (what: string, now: number, atMost: number) =>
      goals.push(`- ${name}: ${what} ${now.toFixed(2)}, ${verdictOn(now, { atMost })}`);
    told("first answer", time.ratio.median, goal.firstAnswer);
    if (goal.memory < Infinity) told("memory at rest", memory.ratio.median, goal.memory);
    told("first webhook, ms later than the second,", webhook.median, FIRST_WEBHOOK);
  }
  return [
    name,
    shownSpread(time.own, 1),
    shown(time.ratio.median, 2),
    shownSpread(webhook, 1),
    shownSpread(memory.own, 1),
    shown(memory.ratio.median, 2),
  ];
});
const head = ["Program", "First answer, ms", "Of the empty one", "First webhook, ms longer than the second"];
console.log(markdownTable([...head, "At rest, MB", "Of the empty one"], rows));
console.log(`\n${goals.join("\n")}`);
Deno.exit(goals.some((goal) => goal.endsWith("missed")) ? 1 : 0);
