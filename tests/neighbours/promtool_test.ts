/** What Prometheus' own tool says about the program's metrics and the alert rules. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { needs, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { answered, startProgram } from "../support/service.ts";
import { readExposition } from "../status/read_exposition.ts";

/** Runs promtool; returns its exit code and everything it says. */
async function promtool(args: readonly string[], stdin = ""): Promise<{ code: number; said: string }> {
  await needs("promtool", "install Debian's prometheus package (apt-get install prometheus)");
  const { code, stdout, stderr } = await run(["promtool", ...args], {
    cwd: fileOf("deploy/prometheus"),
    stdin,
  });
  return { code, said: stdout + stderr };
}

for (
  const [mode, outcome, settings] of [["direct", "forwarded", {}], ["outbox", "queued", {
    OUTBOX: "outbox.db",
  }]] as const
) {
  Deno.test(`promtool finds nothing wrong with the program's metrics, ${mode} delivery`, async () => {
    await using platformx = await startPlatformX();
    const [webhookSecret, readSecret] = ["send", "read"];
    await using program = await startProgram({
      environment: {
        GETDX_API_URL: platformx.url,
        GETDX_API_KEY: STAND_IN_KEY,
        WEBHOOK_SECRET: webhookSecret,
        READ_SECRET: readSecret,
        ...settings,
      },
    });
    const sent = await answered(
      program.post(notificationWith(), { authorization: `Bearer ${webhookSecret}` }),
    );
    assert.equal(sent[1], outcome);
    const lines = [
      `coder_platformx_webhooks_total{outcome="${outcome}",reason=""} 1`,
      'coder_platformx_attempts_total{verdict="delivered"} 1',
      "coder_platformx_delivery_duration_seconds_count 1",
      ...(mode === "outbox" ? ["coder_platformx_outbox_usable 1", "coder_platformx_outbox_pending 0"] : []),
    ];
    const metrics = () => program.metrics({ authorization: `Bearer ${readSecret}` });
    const holdsAll = (text: string) => lines.every((line) => text.split("\n").includes(line));
    const text = await eventually(metrics, `metrics with ${lines.join(", ")}`, { until: holdsAll });
    const names = [...readExposition(text).keys()];
    for (const name of ["last_delivered_timestamp_seconds", "last_webhook_timestamp_seconds"]) {
      assert.ok(names.includes(`coder_platformx_${name}`), `${name} is missing`);
    }
    assert.equal(names.some((name) => name.includes("outbox")), mode === "outbox");
    assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, said: "" });
    assert.equal((await program.stop()).code, 0);
  });
}

Deno.test("promtool would say what is wrong", async () => {
  const { code, said } = await promtool(["check", "metrics"], "# TYPE x_ms counter\nx_ms 1\n");
  assert.notEqual(code, 0);
  assert.match(said, /no help text/);
});

Deno.test("promtool finds the alert rules valid", async () => {
  const { code, said } = await promtool(["check", "rules", "alerts.yml"]);
  assert.equal(code, 0, said);
  assert.match(said, /SUCCESS: \d+ rules found/);
});

Deno.test("the alerts come when they should, and only then", async () => {
  const { code, said } = await promtool(["test", "rules", "alerts_test.yml"]);
  assert.equal(code, 0, said);
});
