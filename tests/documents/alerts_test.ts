/** The alert rules and the dashboard hold to what the service exports and to what it is called. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { KNOWN_NAMES } from "../../lib/config/variables.ts";
import { ATTENTION_CODES } from "../../lib/status/attention.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { outboxInUse, outcomeOf, recordOf, settle, USAGE } from "../status/states.ts";
import { read } from "../support/files.ts";
import { readExposition } from "../status/read_exposition.ts";

const textOf = (name: string) => read(`deploy/${name}`);

/** What a service exports that has seen everything. */
const STATUS = outboxInUse();
for (const reason of ["expired", "outcome_unknown"] as const) {
  settle(STATUS.stats, recordOf(reason, 1), reason, 1);
}
STATUS.stats.count(outcomeOf({ status: "error", reason: "redirected" }), {
  now: STATUS.now,
  ms: 1,
  fromCoder: true,
});
const EXPORTED = readExposition(metricsText(STATUS, USAGE, "prometheus"));
const SAMPLES = [...EXPORTED.values()].flatMap(({ samples }) => [...samples.keys()]);
const NAMES = new Set(SAMPLES.map((sample) => sample.replace(/\{.*/, "")));

const FILES = ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/coder-platformx.json"];

for (const file of FILES) {
  Deno.test(`every metric in ${file} is exported`, () => {
    const used = new Set(textOf(file).match(/\b(?:coder_platformx|process)_[a-z_]+\b/g));
    assert.ok(used.size >= 5, [...used].join());
    for (const name of used) assert.ok(NAMES.has(name), `${name} is not exported`);
  });

  Deno.test(`every label value in ${file} is exported`, () => {
    const selectors = [
      ...textOf(file).replaceAll('\\"', '"').matchAll(/(coder_platformx_[a-z_]+)\{([^}]*)\}/g),
    ];
    assert.ok(selectors.length >= 3);
    for (const [selector, name, labels] of selectors) {
      for (
        const [, label, values] of labels!.matchAll(/\b(outcome|reason|code|notification)!?=~?"([^"]*)"/g)
      ) {
        for (const value of values!.split("|")) {
          const found = SAMPLES.some((s) => s.startsWith(`${name}{`) && s.includes(`${label}="${value}"`));
          assert.ok(found, `${selector}: no sample has ${label}="${value}"`);
        }
      }
    }
  });
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
const RULES: readonly Rule[] = parse(textOf("prometheus/alerts.yml")).groups[0].rules;

Deno.test("there is one alert for each reason for attention, in the order of urgency", () => {
  const codes = RULES.flatMap(({ expr }) =>
    /coder_platformx_attention\{code="(\w+)"\} == 1/.exec(expr)?.[1] ?? []
  );
  assert.deepEqual(codes, ATTENTION_CODES);
});

Deno.test("every alert has a test, a severity, and says what to do", () => {
  for (const { alert, annotations: { description, summary }, labels: { severity } } of RULES) {
    assert.ok(textOf("prometheus/alerts_test.yml").includes(`"${alert}"`), `${alert} has none`);
    assert.match(severity, /^(?:critical|warning|info)$/);
    assert.ok(summary.length < 60 && description.length > 80, alert);
  }
  assert.equal(new Set(RULES.map(({ alert }) => alert)).size, RULES.length);
});

Deno.test("the example that is commented is a rule like the others", () => {
  const [, example] = /(# - alert: [\s\S]*)$/.exec(textOf("prometheus/alerts.yml"))!;
  const [rule] = parse(example!.replaceAll(/^ *# ?/gm, "")) as readonly Rule[];
  assert.deepEqual(Object.keys(rule!), ["alert", "expr", "for", "labels", "annotations"]);
});

Deno.test("the alerts name variables that exist", () => {
  const known = new Set(KNOWN_NAMES);
  const named: readonly string[] = textOf("prometheus/alerts.yml").match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
  const unknown = named.filter((name) => !known.has(name) && !name.startsWith("CODER_"));
  assert.deepEqual(unknown, []);
  assert.ok(named.includes("GETDX_API_KEY"));
});

Deno.test("the rules for the Prometheus Operator are the same, and its monitor asks where the service answers", () => {
  const { spec } = parse(textOf("prometheus/prometheus-rule.yaml"));
  assert.deepEqual(spec, parse(textOf("prometheus/alerts.yml")));
  const monitor = parse(textOf("prometheus/service-monitor.yaml"));
  const service = parse(textOf("kubernetes/service.yaml"));
  const secret = parse(textOf("kubernetes/secret.yaml"));
  const [{ authorization: { credentials }, port }] = monitor.spec.endpoints;
  assert.deepEqual(monitor.spec.selector.matchLabels, service.metadata.labels);
  assert.ok(service.spec.ports.some(({ name }: { name: string }) => name === port));
  assert.equal(monitor.metadata.namespace, secret.metadata.namespace);
  assert.equal(credentials.name, secret.metadata.name);
  assert.ok(credentials.key in secret.stringData);
});
