import assert from "node:assert/strict";
import { EXPORT_LIMITS } from "../../lib/config/variables.ts";
import { divideGrace } from "../../lib/status/telemetry_shutdown.ts";

const [SPANS, LOGS] = EXPORT_LIMITS;

// SHUTDOWN_GRACE, the two limits as set, what is left for work; no problem exactly when something was taken off.
const ROWS: [grace: number, spans: string | undefined, logs: string | undefined, work: number][] = [
  [12_000, "500", "500", 10_000],
  [12_000, "1000", "2000", 6_000],
  [12_000, "1000", "2001", 12_000],
  [12_000, "500", undefined, 12_000],
  [12_000, undefined, undefined, 12_000],
  [200_000, undefined, "1", 139_998],
  [12_000, "0", "0", 12_000],
  // What is no number is not used by Deno either.
  [12_000, "500ms", "500", 12_000],
  [12_000, "-1", "500", 12_000],
  [12_000, "", "500", 12_000],
];

for (const [grace, spans, logs, work] of ROWS) {
  Deno.test(`of ${grace} ms with limits ${spans} and ${logs}, ${work} ms are left for work`, () => {
    const values = { [SPANS]: spans, [LOGS]: logs };
    const { graceForWork, problems } = divideGrace(grace, (name) => values[name], false);
    assert.equal(graceForWork, work);
    const fits = work < grace || (spans === "0" && logs === "0");
    assert.equal(problems.length, fits ? 0 : 1);
  });
}

Deno.test("limits that are too long are named, with how late the end can be", () => {
  const [{ text: warning } = { text: "" }] = divideGrace(12_000, () => "4000", false).problems;
  for (const name of EXPORT_LIMITS) assert.ok(warning.includes(name), warning);
  assert.match(warning, /up to 16000 ms/);
});

Deno.test("exported metrics are refused, whatever the limits are", () => {
  const { graceForWork, problems } = divideGrace(12_000, () => "500", true);
  assert.equal(graceForWork, 10_000);
  assert.equal(problems.length, 1);
  assert.match(problems[0]!.text, /OTEL_DENO_METRICS must be false/);
});
