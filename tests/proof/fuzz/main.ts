/**
 * Gives the service inputs that nobody should send, and ends with the first that breaks a rule.
 *
 * `deno task proof fuzz [--inputs N] [--seed N] [--from N]`. Exit codes: 0 no rule was broken, 1 one was, 2 usage.
 */
import { parseArgs } from "node:util";
import { filesIn, read } from "../../support/files.ts";
import { Found, prototypes, run } from "./run.ts";
import { attackPatterns } from "./patterns.ts";
import { growths } from "./growth.ts";
import { attackSocket } from "./sockets.ts";

const USAGE = "usage: deno task proof fuzz [--inputs N] [--seed N] [--from N]";

interface Settings {
  readonly count: number;
  readonly seed: number;
  readonly from: number;
}

async function fuzz(settings: Settings): Promise<number> {
  const { count, seed, from } = settings;
  console.log(`seed          ${seed}`);
  const before = prototypes();
  const loose: unknown[] = [];
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    loose.push(event.reason);
  });
  const begun = performance.now();
  const { answers, events, kinds, lines, slowest } = await run(settings, samples());
  const seconds = (performance.now() - begun) / 1_000;
  console.log(`inputs        ${count} in ${seconds.toFixed(1)} s`);
  table("made by", kinds);
  table("answered", answers);
  console.log(`events sent   ${events}`);
  console.log(`log lines     ${lines}`);
  console.log(
    `slowest       ${
      slowest.ms.toFixed(1)
    } ms for ${slowest.bytes} bytes (input ${slowest.number}, ${slowest.kind})`,
  );
  const exchanges = await attackSocket(seed, Math.ceil(count / 50));
  table("on a socket", exchanges);
  const slow = [...attackPatterns(), ...await growths()];
  for (const { name, told } of slow) console.log(`${name.padEnd(14)}${told}`);
  const problems = slow.filter(({ isProblem }) => isProblem).map(({ name, told }) => `${name}: ${told}`);
  if (prototypes() !== before) problems.push("a prototype was changed");
  problems.push(...loose.map((reason) => `a promise was rejected and nobody awaits it: ${reason}`));
  problems.forEach((problem) => console.error(`BROKEN ${problem}`));
  if (from > 0) console.log(`from          ${from}`);
  return problems.length === 0 ? 0 : 1;
}

/** Decoded webhooks, by the names of their files. */
function samples(): ReadonlyMap<string, unknown> {
  const files = filesIn("tests/fixtures/coder").filter((path) => path.endsWith(".json")).sort();
  return new Map(files.map((path) => [path.replace(/.*\//, ""), JSON.parse(read(path))]));
}

function table(title: string, rows: ReadonlyMap<string, number>): void {
  const sorted = [...rows].sort(([, a], [, b]) => b - a);
  console.log(`${title.padEnd(14)}${sorted.map(([name, count]) => `${name}: ${count}`).join(", ")}`);
}

/** Undefined: the arguments make no sense. */
function settingsFrom(args: string[]): Settings | undefined {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({ args, options: { inputs: text, seed: text, from: text } });
    const { inputs = "200000", seed = String(Date.now() % 1_000_000), from = "0" } = values;
    if ([inputs, seed, from].some((value) => !/^\d{1,9}$/.test(value))) return undefined;
    return { count: Number(inputs), seed: Number(seed), from: Number(from) };
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const settings = settingsFrom(Deno.args);
  if (settings === undefined) {
    console.error(USAGE);
    Deno.exit(2);
  }
  try {
    Deno.exit(await fuzz(settings));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`BROKEN ${error.message}`);
    if (error instanceof Found) {
      const { body } = error.input;
      console.error(`input  ${JSON.stringify(new TextDecoder("latin1").decode(body).slice(0, 4_000))}`);
      console.error(`again  deno task proof fuzz --seed ${settings.seed} --from ${error.number} --inputs 1`);
    }
    const { cause = error } = error;
    if (cause instanceof Error && cause.name !== "Broken") console.error(cause.stack);
    Deno.exit(1);
  }
}
