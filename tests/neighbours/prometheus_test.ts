/** A real Prometheus that scrapes the program: it reads the metrics, and every query of rules and dashboard runs. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/status/exposition.ts";
import { formatFor } from "../../lib/http/negotiate.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { outboxInUse, USAGE } from "../status/states.ts";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { fileOf } from "../support/files.ts";
import { startProgram } from "../support/service.ts";
import { type Rule, startPrometheus } from "./prometheus.ts";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const DASHBOARD: { readonly panels: readonly Panel[] } = JSON.parse(
  Deno.readTextFileSync(fileOf("deploy/grafana/coder-platformx.json")),
);

/** Every query of the dashboard, as Grafana sends it. */
const QUERIES = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    title,
    expr: expr.replaceAll(/\$(?:job|instance)/g, ".+").replaceAll("$__rate_interval", "10s")
      .replaceAll("$__range", "1m"),
  }))
);

/** What has no data here: nothing was lost, sending is not paused, and Deno 2.9 does not tell of descriptors. */
const WITHOUT_DATA = ["Paused", "File descriptors"];

const CONFIG = (program: string, other: string) => `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${fileOf("deploy/prometheus/alerts.yml")}]
scrape_configs:
  - job_name: coder-platformx
    authorization: { credentials: read }
    static_configs: [{ targets: ["${program}", "${other}"] }]
`;

/** Where a service with an outbox is scraped whose last webhooks have come to every end. */
function exporter() {
  const scrapes: string[] = [];
  const status = outboxInUse();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    const format = formatFor(headers.get("accept"));
    scrapes.push(format);
    const text = metricsText(status, USAGE, format);
    return new Response(text, { headers: { "content-type": FORMATS[format] } });
  });
  return { server, scrapes };
}

Deno.test("a real Prometheus scrapes the program, and every query of rules and dashboard finds what it asks for", async (t) => {
  await using platformX = await startPlatformX();
  await using program = await startProgram({
    environment: {
      GETDX_API_URL: platformX.url,
      GETDX_API_KEY: STAND_IN_KEY,
      WEBHOOK_SECRET: "send",
      READ_SECRET: "read",
      LOG_FORMAT: "json",
    },
  });
  const { scrapes, server } = exporter();
  await using _server = server;
  const config = CONFIG(new URL(program.url).host, `127.0.0.1:${server.addr.port}`);
  await using prometheus = await startPrometheus({ "prometheus.yml": config });
  const { ask, rules, told } = prometheus;

  await t.step("it reads both formats' numbers, with the types that rates need", async () => {
    const health = async () =>
      (await ask("targets")).activeTargets.map((target: { health: string }) => target.health);
    const isUp = (seen: readonly string[]) => seen.length === 2 && seen.every((one) => one === "up");
    await eventually(health, "both targets to be up", { until: isUp, ...told });
    assert.ok(scrapes.length > 0 && scrapes.every((format) => format === "openmetrics"), scrapes.join());
    const metadata = await ask("metadata");
    for (const name of ["coder_platformx_webhooks_total", "process_cpu_seconds_total"]) {
      const found = metadata[name] ?? metadata[name.replace(/_total$/, "")];
      assert.equal(found?.[0].type, "counter", name);
    }
  });

  await t.step("each query finds data", async () => {
    // Something of everything goes on while Prometheus looks.
    let sent = 0;
    const send = async () => {
      const id = `00000000-0000-4000-8000-${String(sent++).padStart(12, "0")}`;
      await program.post(notificationWith({ labels: { workspace: id } }, id), {
        authorization: "Bearer send",
      });
      await program.post(notificationWith({}, id), { "x-message-id": id });
    };
    for (const { title, expr } of QUERIES) {
      const found = async () => {
        await send();
        const now = Date.now() / 1000;
        await ask("query_range", { query: expr, start: `${now - 60}`, end: `${now}`, step: "5" });
        return (await ask("query", { query: expr })).result.length;
      };
      if (WITHOUT_DATA.includes(title)) await found();
      else await eventually(found, `data for ${title}: ${expr}`, { every: 250, ...told });
    }
  });

  await t.step("each rule is evaluated, and the reasons that hold are told of", async () => {
    const active = (seen: readonly Rule[]) =>
      seen.filter(({ state }) => state !== "inactive").map(({ name }) => name);
    const expected = ["CoderPlatformxDeadLetters", "CoderPlatformxTurnedAway"];
    const seen = await eventually(rules, `the alerts ${expected}`, {
      until: (seen) => `${active(seen)}` === `${expected}`,
      ...told,
    });
    assert.deepEqual([...new Set(seen.map(({ health }) => health))], ["ok"]);
  });
});
