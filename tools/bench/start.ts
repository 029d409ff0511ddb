/**
 * Start and memory at rest of the compiled service beside an empty compiled `Deno.serve`, started in turn. Compiles both
 * with the Deno that `DENO` names, else with the one that runs this. `--starts N` (20).
 *
 * Exits 1 when a goal is missed.
 */
import { parseArgs } from "node:util";
import { fileOf } from "../../tests/support/files.ts";
import { succeed } from "../../tests/support/process.ts";
import { SECRET } from "./load/webhooks.ts";
import { describeMachine } from "./machine.ts";
import { markdownTable, shown, shownSpread, verdictOn } from "./markdown.ts";
import { wholeNumber } from "./options.ts";
import { type Candidate, type Start, startOnce } from "./start/once.ts";
import { median, ratiosOf, spreadOf } from "./statistics.ts";

/** In proportion to the empty server. */
const MOST = 1.25;

const { values } = parseArgs({ args: Deno.args, options: { starts: { type: "string", default: "20" } } });
const count = wholeNumber("starts", values.starts);
const DENO = Deno.env.get("DENO") ?? Deno.execPath();
const ROOT = fileOf("");
const SERVICE = `${ROOT}build/coder-platformx`;
const EMPTY = `${ROOT}build/bench/empty`;

Deno.mkdirSync(`${ROOT}build/bench`, { recursive: true });
await compile(["task", "compile"]);
// As the service is compiled, in tools/compile.ts.
await compile([
  ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache", "--no-prompt"],
  "--allow-net",
  ...["--output", EMPTY, "tools/bench/start/empty.ts"],
]);
const folder = Deno.makeTempDirSync({ dir: `${ROOT}build/bench` });

const service = (more: Readonly<Record<string, string>>) => (port: number) => ({
  HOST: "127.0.0.1",
  PORT: String(port),
  GETDX_API_KEY: "bench-key",
  GETDX_API_URL: "http://127.0.0.1:9/",
  WEBHOOK_SECRET: SECRET,
  ...more,
});
const candidates: readonly Candidate[] = [
  { name: "empty", program: EMPTY, args: (port) => [String(port)], environment: () => ({}) },
  { name: "direct", program: SERVICE, args: () => [], environment: service({}) },
  {
    name: "outbox",
    program: SERVICE,
    args: () => [],
    environment: service({ OUTBOX: `${folder}/outbox.db` }),
  },
];
const starts = new Map<string, Start[]>(candidates.map(({ name }) => [name, []]));
try {
  for (const candidate of candidates) await startOnce(candidate, folder); // the files are in memory now
  for (let n = 0; n < count; n++) {
    for (let place = 0; place < candidates.length; place++) {
      const candidate = candidates[(n + place) % candidates.length]!;
      starts.get(candidate.name)!.push(await startOnce(candidate, folder));
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

console.log(
  `${await describeMachine()}. Compiled with ${await versionOf(
    DENO,
  )}; ${count} starts of each in turn.\n`,
);
const empty = starts.get("empty")!;
const goals: string[] = [];
console.log(markdownTable(
  ["Executable", "First answer, ms", "Of the empty one", "At rest, MB", "Of the empty one"],
  candidates.map(({ name }) => {
    const of = (value: (start: Start) => number) => {
      const own = starts.get(name)!.map(value);
      return { own: spreadOf(own), ratio: median(ratiosOf(own, empty.map(value))) };
    };
    const [time, memory] = [of((start) => start.firstAnswer), of((start) => start.memory)];
    if (name === "direct") {
      goals.push(`first answer ${time.ratio.toFixed(2)}, ${verdictOn(time.ratio, { atMost: MOST })}`);
      goals.push(`memory at rest ${memory.ratio.toFixed(2)}, ${verdictOn(memory.ratio, { atMost: MOST })}`);
    }
    return [
      name,
      shownSpread(time.own, 1),
      shown(time.ratio, 2),
      shownSpread(memory.own, 1),
      shown(memory.ratio, 2),
    ];
  }),
));
console.log();
for (const goal of goals) console.log(`- ${goal}`);
Deno.exit(goals.some((goal) => goal.endsWith("missed")) ? 1 : 0);

async function compile(args: readonly string[]): Promise<void> {
  await succeed([DENO, ...args], { cwd: ROOT });
}

async function versionOf(program: string): Promise<string> {
  return `Deno ${/^deno (\S+)/.exec(await succeed([program, "--version"]))?.[1]}`;
}
