/**
 * The dashboard and the Prometheus Operator's files, compared with the types of Grafana and of the operator by the
 * compiler. The types are packages of npm that nothing else needs: they are fetched here, by version, and are in no lock.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { openFolder, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

const GRAFANA = "npm:@grafana/schema@13.2.3";
const OPERATOR = "npm:@kubernetes-models/prometheus-operator@6.0.0/monitoring.coreos.com/v1";

const textOf = (path: string) => Deno.readTextFileSync(fileOf(`deploy/${path}`));
const dashboard = JSON.parse(textOf("grafana/coder-platformx.json"));
const operator = (kind: string, path: string) => ({
  from: OPERATOR,
  // The apiVersion and the kind are the class's own.
  type: `I${kind}`,
  document: parse(textOf(path)),
});

/** Documents, and the types that they must have. */
const DOCUMENTS = {
  dashboard: { from: GRAFANA, type: "Dashboard", document: dashboard },
  rule: operator("PrometheusRule", "prometheus/prometheus-rule.yaml"),
  monitor: operator("ServiceMonitor", "prometheus/service-monitor.yaml"),
};

/** What the compiler says of a document; empty: nothing. */
async function faultsIn(
  { document, from, type }: { document: unknown; from: string; type: string },
): Promise<string> {
  await using folder = await openFolder();
  await Deno.writeTextFile(
    `${folder.path}/document.ts`,
    `import type { ${type} } from "${from}";
// In JSON the members of an enumeration are texts.
type Json<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
export const document: Json<${type}> = ${JSON.stringify(document)};
// The compiler takes a module that is not there for one in which everything is allowed.
// @ts-expect-error: a type of the package
export const unknown: Json<${type}> = 7;
`,
  );
  const { code, stderr } = await run([
    Deno.execPath(),
    "check",
    "--quiet",
    "--no-lock",
    "--no-config",
    "document.ts",
  ], {
    cwd: folder.path,
    environment: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  return code === 0 ? "" : stderr;
}

for (const [name, document] of Object.entries(DOCUMENTS)) {
  Deno.test(`the ${name} is of its type`, async () => assert.equal(await faultsIn(document), ""));
}

Deno.test("the compiler would say what is wrong", async () => {
  const rows = [
    [{ ...DOCUMENTS.dashboard, document: { ...dashboard, panells: [] } }, /panells/],
    [
      { ...DOCUMENTS.dashboard, document: { ...dashboard, graphTooltip: "shared" } },
      /graphTooltip|DashboardCursorSync/,
    ],
    [
      {
        ...DOCUMENTS.monitor,
        document: { ...DOCUMENTS.monitor.document, spec: { selector: {}, endpoints: [{ prt: 1 }] } },
      },
      /prt/,
    ],
    [
      {
        ...DOCUMENTS.rule,
        document: { ...DOCUMENTS.rule.document, spec: { groups: [{ name: "a", rules: [{ alrt: "b" }] }] } },
      },
      /alrt/,
    ],
  ] as const;
  for (const [document, words] of rows) assert.match(await faultsIn(document), words);
});

Deno.test("panels have ids of their own, do not overlap, say what they show, and are of Grafana's core kinds", () => {
  interface Panel {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  }
  const panels: readonly Panel[] = dashboard.panels;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { description, gridPos: { h, w, x, y }, title, type } of panels) {
    assert.ok(["row", "timeseries", "stat", "table", "state-timeline"].includes(type), type);
    if (type !== "row") assert.match(description ?? "", /\.$/, title);
    assert.ok(x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert.equal(taken.get(`${column}/${line}`), undefined, `${title} covers another`);
        taken.set(`${column}/${line}`, title);
      }
    }
  }
  for (
    const title of [
      "Attention",
      "Webhooks by outcome",
      "Deliveries",
      "Pending and dead",
      "What became of each",
    ]
  ) {
    assert.ok(panels.some((panel) => panel.title === title), title);
  }
});
