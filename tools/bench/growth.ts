/**
 * Load that grows, a PlatformX that gets slower, a burst and an overload. Takes some 15 minutes; `--help` tells how to
 * take a part.
 *
 * Exits 1 when a webhook answered 2xx is lost, a request has no proper answer, or the service does not recover.
 */
import { parseArgs } from "node:util";
import { fileOf } from "../../tests/support/files.ts";
import { type Case, type Ground, type Outcome, overload, runCase } from "./growth/cell.ts";
import { growthTable, shownDelay } from "./growth/results.ts";
import { buildAll } from "./builds.ts";
import { startStandIn, subjectsOf } from "./load/subjects.ts";
import { requestTemplate } from "./load/webhooks.ts";
import { describeMachine } from "./machine.ts";
import { shown } from "./markdown.ts";
import { someOf, wholeNumber } from "./options.ts";
import { percentile } from "./statistics.ts";

const HELP = `deno task bench growth [options]

  --modes A,B         direct,outbox
  --connections N,N   1,16,256,1000
  --delays MS,MS      1,100,5000,never: until PlatformX answers
  --burst N           connections that all send at once; 0: none (10000)
  --seconds N         seconds of load where PlatformX is quick (5); 8 where it takes seconds, 12 where it never answers`;

/** Webhooks in flight that the service takes, and how many more are tried. */
const MOST_IN_FLIGHT = 1000;
const TURNED_AWAY = 100;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    help: { type: "boolean", default: false },
    modes: { type: "string", default: "direct,outbox" },
    connections: { type: "string", default: "1,16,256,1000" },
    delays: { type: "string", default: "1,100,5000,never" },
    burst: { type: "string", default: "10000" },
    seconds: { type: "string", default: "5" },
  },
});
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const modes = someOf("modes", values.modes, ["direct", "outbox"]);
const connectionCounts = values.connections.split(",").map((count) => wholeNumber("connections", count));
const delays = values.delays.split(",").map((delay) =>
  delay === "never" ? Infinity : wholeNumber("delays", delay)
);
const burst = wholeNumber("burst", values.burst, 0);
const quickSeconds = wholeNumber("seconds", values.seconds);

const parent = fileOf("build/bench");
Deno.mkdirSync(parent, { recursive: true });
const folder = Deno.makeTempDirSync({ dir: parent });
let isBad = false;
try {
  console.log(`${await describeMachine()}. LOG_LEVEL=INFO.\n`);
  const subjects = subjectsOf(await buildAll({ folder }), undefined);
  await using standIn = await startStandIn();
  const ground: Ground = { folder, platformX: standIn.url, template: requestTemplate("127.0.0.1") };
  for (const mode of modes) {
    const subject = subjects.find(({ name }) => name === mode)!;
    const cases = delays.flatMap((delay) =>
      connectionCounts.map((connections) => ({ delay, connections, seconds: secondsFor(delay) }))
    );
    if (burst > 0) cases.push({ delay: 1, connections: burst, seconds: 0 });
    const results: [Case, Outcome][] = [];
    for (const one of cases) {
      console.error(`${mode}: ${one.connections} connections, PlatformX answers in ${shownDelay(one.delay)}`);
      const outcome = await runCase({ ...one, subject }, ground);
      results.push([{ ...one, subject }, outcome]);
      isBad ||= outcome.lost > 0 || outcome.failures.size > 0 || outcome.recovery === Infinity;
    }
    console.log(`### ${mode === "direct" ? "Direct" : "Outbox"}\n`);
    console.log(`${growthTable(results)}\n`);
  }
  if (modes.includes("direct")) {
    const { unavailable, others } = await overload(
      subjects.find(({ name }) => name === "direct")!,
      MOST_IN_FLIGHT,
      TURNED_AWAY,
      ground,
    );
    isBad ||= others > 0;
    console.log(
      `With ${
        shown(MOST_IN_FLIGHT)
      } webhooks in flight, ${unavailable.length} of ${TURNED_AWAY} heads without a body ` +
        `were answered 503: p50 ${shown(percentile(unavailable, 50), 1)} ms, p99 ${
          shown(percentile(unavailable, 99), 1)
        } ms.`,
    );
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
Deno.exit(isBad ? 1 : 0);

/** Longer than an attempt of the service's waits (10 s), where it waits in vain. */
function secondsFor(delay: number): number {
  if (delay === Infinity) return 12;
  return delay >= 1000 ? 8 : quickSeconds;
}
