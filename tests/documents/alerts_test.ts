import assert from "node:assert/strict";
import { WAIT_DEGRADES } from "../../lib/status/health.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { KNOWN_NAMES } from "../../lib/config/variables.ts";
import { stateWith } from "../status/metrics_fakes.ts";
import { readExposition } from "../status/read_exposition.ts";

function textOf(name: string): string {
  return Deno.readTextFileSync(new URL(`../../deploy/prometheus/${name}`, import.meta.url));
}

/** What a service exports that has seen everything. */
const EXPORTED = readExposition(metricsText(stateWith({ lastWebhook: 1, lastDelivered: 1 })));
const SAMPLES = [...EXPORTED.values()].flatMap(({ samples }) => [...samples.keys()]);
const NAMES = new Set(SAMPLES.map((sample) => sample.replace(/\{.*/, "")));

for (const file of ["alerts.yml", "alerts_test.yml"]) {
  Deno.test(`every metric in ${file} is exported`, () => {
    const used = new Set(textOf(file).match(/\bcoder_platformx_[a-z_]+/g));
    assert.ok(used.size >= 6, [...used].join());
    for (const name of used) assert.ok(NAMES.has(name), `${name} is not exported`);
  });

  Deno.test(`every outcome and reason in ${file} is exported`, () => {
    const selectors = [...textOf(file).matchAll(/(coder_platformx_[a-z_]+)\{([^}]*)\}/g)];
    assert.ok(selectors.length >= 3);
    for (const [selector, name, labels] of selectors) {
      for (const [, label, value] of labels!.matchAll(/\b(outcome|reason)!?="([^"]*)"/g)) {
        const found = SAMPLES.some((s) => s.startsWith(`${name}{`) && s.includes(`${label}="${value}"`));
        assert.ok(found, `${selector}: no sample has ${label}="${value}"`);
      }
    }
  });
}

Deno.test("every alert has a test", () => {
  const alerts = [...textOf("alerts.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
  assert.ok(alerts.length >= 5);
  for (const name of alerts) assert.ok(textOf("alerts_test.yml").includes(name), `${name} has none`);
});

Deno.test("the alerts name variables that exist", () => {
  const known = new Set(KNOWN_NAMES);
  const named: readonly string[] = textOf("alerts.yml").match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
  const unknown = named.filter((name) => !known.has(name) && !name.startsWith("CODER_"));
  assert.deepEqual(unknown, []);
  assert.ok(named.includes("GETDX_API_KEY"));
});

Deno.test("events wait too long for the alert as soon as they do for health", () => {
  const [, seconds] = /coder_platformx_outbox_oldest_pending_seconds > (\d+)/.exec(textOf("alerts.yml")) ??
    [];
  assert.equal(Number(seconds) * 1000, WAIT_DEGRADES);
});
