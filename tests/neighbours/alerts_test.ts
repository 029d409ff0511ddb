/** Two instances before a real Prometheus: the alert about one that is gone, or starts again and again, names that one. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { read } from "../support/files.ts";
import { startProgram } from "../support/service.ts";
import { startPrometheus } from "./prometheus.ts";

/** The rules' times, which are minutes to days, as seconds: [as they are, here]. */
const SHORTENED: readonly (readonly [string, string])[] = [
  ["up[10m]", "up[10s]"],
  ["build_info[7d]", "build_info[5m]"],
  ["seconds[30m]", "seconds[5m]"],
  ["build_info[30m]", "build_info[5m]"],
  ["for: 5m", "for: 1s"],
  ["for: 10m", "for: 10s"],
];

function shortenedRules(): string {
  return SHORTENED.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replaceAll(from, to);
  }, read("deploy/prometheus/alerts.yml"));
}

/** Where a service listens that can be started again there. */
async function startInstance(port: number, apiUrl: string) {
  const own = { GETDX_API_URL: apiUrl, GETDX_API_KEY: STAND_IN_KEY, WEBHOOK_SECRET: "send" };
  return await startProgram({ environment: { ...own, READ_SECRET: "read", PORT: String(port) } });
}

Deno.test("of two instances the one that starts again and again is told of, then as gone", async () => {
  await using platformX = await startPlatformX();
  const [steady, shaky] = [freePort(), freePort()];
  await using _steady = await startInstance(steady, platformX.url);
  await using prometheus = await startPrometheus({
    "alerts.yml": shortenedRules(),
    "prometheus.yml": `
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [alerts.yml]
scrape_configs:
  - job_name: coder-platformx
    authorization: { credentials: read }
    static_configs: [{ targets: ["127.0.0.1:${steady}", "127.0.0.1:${shaky}"] }]
`,
  });
  const { ask, rules, told } = prometheus;
  const firing = async () =>
    (await rules()).flatMap(({ name, alerts }) =>
      alerts.filter(({ state }) => state === "firing").map(({ labels }) => `${name} ${labels["instance"]}`)
    );
  const query = "changes(process_start_time_seconds[5m])";
  const starts = async (): Promise<string> => {
    const { result } = await ask("query", { query });
    return result.find((one: { metric: Record<string, string> }) =>
      one.metric["instance"] === `127.0.0.1:${shaky}`
    )?.value[1];
  };
  // The start time is exact to the second, or finer; each start is waited for until a scrape has seen it.
  for (const seen of ["0", "1", "2", "3"]) {
    assert.ok(!(await firing()).some((alert) => alert.includes("Restarting")));
    await using _shaky = await startInstance(shaky, platformX.url);
    await eventually(starts, `the start ${seen}`, { until: (count) => count === seen, every: 200, ...told });
  }
  const restarting = `CoderPlatformxRestarting 127.0.0.1:${shaky}`;
  const down = `CoderPlatformxDown 127.0.0.1:${shaky}`;
  await eventually(firing, down, { until: (seen) => seen.includes(down), every: 200, ...told });
  assert.deepEqual((await firing()).toSorted(), [down, restarting]);
});
