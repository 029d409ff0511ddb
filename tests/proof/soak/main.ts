/**
 * Keeps the service busy for long, with everything that goes wrong around it, and looks whether it stays as it was.
 *
 * `deno task proof soak [--minutes N] [--mode direct|outbox|both] [--seed N] [--short]`. With `EXECUTABLE` it is the compiled
 * program, which cannot be looked into. Growth is judged from about six minutes on. Linux only.
 *
 * Exit codes: 0 nothing grows and nothing is lost, 1 not so; 2 usage.
 */
import { parseArgs } from "node:util";
import { type Plan, runCourse } from "./course.ts";
import { type Mode, MODES } from "./service.ts";
import { verdictOn } from "./verdict.ts";

const USAGE = "usage: deno task proof soak [--minutes N] [--mode direct|outbox|both] [--seed N] [--short]";

/** Cycles with everything in them. Nothing is remembered for much longer than a cycle, which would look like a leak. */
const LONG = { load: 25, long: true, quiet: 3, calm: 12, window: "60s" };

/** One cycle, without what takes 10 s and 15 s to end. It says nothing of memory; the machine may be slow. */
const SHORT = { load: 3, long: false, quiet: 1, calm: 0, window: "1h", lasts: 0 };

/** Runs one mode; returns its verdict. */
async function soak(plan: Plan): Promise<readonly [code: number, text: string]> {
  const folder = await Deno.makeTempDir({ prefix: "soak-" });
  try {
    const outcome = await runCourse(plan, folder, (line) => console.error(`${plan.mode} ${line}`));
    const verdict = verdictOn(outcome);
    if (verdict.broken.length > 0) return [1, `${verdict.text}\nLog and outbox are in ${folder}`];
    await Deno.remove(folder, { recursive: true });
    return [0, verdict.text];
  } catch (error) {
    return [1, `mode ${plan.mode}: ${error instanceof Error ? error.stack : error}\nThe log is in ${folder}`];
  }
}

/** Undefined: the arguments make no sense. */
function plansFrom(args: string[]): readonly Plan[] | undefined {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { minutes: text, mode: text, seed: text, short: { type: "boolean" } },
    });
    const { minutes = "10", mode = "both", seed = String(Date.now() % 1_000_000), short = false } = values;
    const modes = mode === "both" ? MODES : MODES.filter((known) => known === mode);
    if (!/^\d{1,4}(?:\.\d)?$/.test(minutes) || !/^\d{1,9}$/.test(seed) || modes.length === 0) {
      return undefined;
    }
    const length = short ? SHORT : { ...LONG, lasts: Number(minutes) * 60_000 };
    return modes.map((mode: Mode) => ({ ...length, mode, seed: Number(seed) }));
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const plans = plansFrom(Deno.args);
  if (plans === undefined) {
    console.error(USAGE);
    Deno.exit(2);
  }
  console.log(`seed ${plans[0]!.seed}`);
  // Both modes at once, each with a PlatformX of its own.
  const verdicts = await Promise.all(plans.map(soak));
  for (const [, text] of verdicts) console.log(`\n${text}`);
  Deno.exit(Math.max(...verdicts.map(([code]) => code)));
}
