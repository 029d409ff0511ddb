/** Measures the service; the goals stand in docs/performance.md. */
import { choose } from "../choose.ts";

const bench = (name: string) => ["run", "-q", "--no-prompt", "-P=tests", `tools/bench/${name}.ts`];

await choose("bench", {
  load: {
    about: "rate, processor time and memory under load, beside a bare minimum",
    command: bench("load"),
  },
  start: { about: "first answer, first webhook, memory at rest", command: bench("start") },
  fill: { about: "a full outbox beside an empty one, also on PostgreSQL", command: bench("fill") },
  growth: { about: "how answers hold up while load and sizes grow", command: bench("growth") },
}, Deno.args);
