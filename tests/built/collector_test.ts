/** What arrives behind a real OpenTelemetry Collector. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { startNeighbour } from "../neighbours/neighbour.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, IDS, notificationWith, TINA } from "../support/fakes.ts";
import { observedBy, type Receiver, startReceiver } from "../support/otlp_receiver.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import type { Environment } from "../support/program.ts";
import { startProgram } from "../support/service.ts";
import { built } from "./built.ts";

/** A collector that takes OTLP in every way, and passes it on. */
async function startCollector(to: Receiver) {
  const ports = { http: freePort(), grpc: freePort() };
  const program = `${await built("collector")}/collector`;
  const config = {
    receivers: {
      otlp: {
        protocols: {
          http: { endpoint: `127.0.0.1:${ports.http}` },
          grpc: { endpoint: `127.0.0.1:${ports.grpc}` },
        },
      },
    },
    exporters: { otlp_http: { endpoint: to.endpoint, encoding: "json", compression: "none" } },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
      pipelines: Object.fromEntries(
        ["traces", "logs", "metrics"].map((
          kind,
        ) => [kind, { receivers: ["otlp"], exporters: ["otlp_http"] }]),
      ),
    },
  };
  const running = await startNeighbour({
    program,
    port: ports.http,
    files: () => ({ "config.yaml": JSON.stringify(config) }), // JSON is YAML
    commandLine: (folder) => [program, "--config", `file:${folder}/config.yaml`],
  });
  return { ...running, ports };
}

/** Attributes of the resources that everything came from, each different set once. */
function resourcesIn({ raw }: Receiver): readonly Record<string, unknown>[] {
  const sets = raw.flatMap((request) => {
    const body = JSON.parse(request.slice(request.indexOf("] {") + 2));
    const all = [...body.resourceSpans ?? [], ...body.resourceLogs ?? [], ...body.resourceMetrics ?? []];
    return all.map(({ resource }) =>
      JSON.stringify(
        resource.attributes.map(({ key, value }: Record<string, unknown>) => [key, value]).sort(),
      )
    );
  });
  return [...new Set(sets)].map((set) =>
    Object.fromEntries(
      JSON.parse(set).map(([key, value]: [string, object]) => [key, Object.values(value)[0]]),
    )
  );
}

/** What docs/telemetry.md says names the service: the two lines of its block. */
function documentedNames(): Environment {
  const [, block = ""] = /```sh\n(OTEL_[^]*?)```/.exec(Deno.readTextFileSync(fileOf("docs/telemetry.md"))) ??
    [];
  const lines = block.replaceAll("VERSION", manifest.version).trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split("=")[0]!, line.slice(line.indexOf("=") + 1)]));
}

const PROTOCOLS = ["http/protobuf", "http/json", "grpc"] as const;
const MODES: readonly (readonly [mode: string, settings: Environment, lines: readonly string[]])[] = [
  ["direct", {}, ["webhook"]],
  ["outbox", { OUTBOX: "outbox.db" }, ["webhook", "delivered"]],
];

for (const protocol of PROTOCOLS) {
  for (const [mode, settings, lines] of MODES) {
    Deno.test(`the collector takes spans and lines by ${protocol}, ${mode}: named, traced, and about nobody`, async () => {
      await using receiver = startReceiver();
      await using collector = await startCollector(receiver);
      await using platformX = await startPlatformX();
      const secret = "of-the-webhook";
      const { grpc, http } = collector.ports;
      const observed = {
        ...observedBy(receiver),
        ...documentedNames(),
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${protocol === "grpc" ? grpc : http}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      };
      const own = { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY, WEBHOOK_SECRET: secret };
      await using program = await startProgram({ environment: { ...observed, ...own, ...settings } });
      await program.post(notificationWith(), { authorization: `Bearer ${secret}` });
      await eventually(() => platformX.events.length === 1, "the event");
      assert.equal((await program.stop()).code, 0, program.log);

      const last = () => receiver.records.some(({ body }) => body.includes('"event":"stopped"'));
      await eventually(last, "the last line", { seen: () => collector.child.told });
      const bodies = receiver.records.map(({ body }) => body.trim());
      assert.deepEqual(bodies.toSorted(), program.log.trim().split("\n").toSorted(), "each line once");
      const spans = () => receiver.spans.map(({ kind, name }) => `${kind} ${name}`);
      const wanted = ["1 deliver", "2 POST /", "3 POST"];
      const found = () => wanted.every((span) => spans().includes(span));
      await eventually(found, "the spans", { seen: spans });
      assert.deepEqual(collector.child.told, "standard output:\n\nstandard error:\n");
      for (const event of lines) {
        const line = receiver.records.find(({ body }) => body.includes(`"event":"${event}"`));
        assert.ok(line, `no line ${event}`);
        assert.ok(receiver.spans.some(({ traceId }) => traceId === line.traceId), `no trace: ${line.body}`);
      }
      const [resource, ...others] = resourcesIn(receiver);
      assert.deepEqual(others, []);
      assert.equal(resource!["service.name"], "coder-platformx");
      assert.equal(resource!["service.version"], manifest.version);
      const told = receiver.raw.join("\n");
      for (const word of [ALICE.email, TINA.email, ALICE.id, TINA.id, STAND_IN_KEY, secret]) {
        assert.ok(!told.includes(word), word);
      }
      assert.ok(told.includes(IDS.message));
    });
  }
}
