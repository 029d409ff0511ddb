/** Measures the service; the goals stand in docs/performance.md. */
import { choose } from "../choose.ts";

const bench = (name: string, ...flags: readonly string[]) => [
  ...["run", "-q", "--no-prompt", "-P=tests", ...flags],
  `tools/bench/${name}.ts`,
];

await choose("bench", {
  core: { about: "the steps of one webhook, in microseconds", command: bench("core") },
  load: { about: "throughput and memory beside a bare minimum", command: bench("load") },
  start: { about: "time to the first answer, memory at rest", command: bench("start") },
  growth: { about: "how answers hold up while load and sizes grow", command: bench("growth") },
  log: {
    about: "ways to write a log line",
    command: ["bench", "--no-prompt", "--allow-read", "--allow-env", "tools/bench/log_bench.ts"],
  },
  memory: {
    about: "what remembering occurrences costs",
    command: bench("memory_bench", "--v8-flags=--expose-gc"),
  },
  outbox: { about: "the outbox's operations", command: bench("outbox_bench") },
}, Deno.args);
