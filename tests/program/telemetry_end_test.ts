/** What telemetry does to the program's start and end. */
import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { eventually } from "../support/eventually.ts";
import { observedBy, startReceiver } from "../support/otlp_receiver.ts";
import { startPlatformX } from "../support/platformx.ts";
import { answered, runProgram, startProgram } from "../support/service.ts";

Deno.test("a collector that hangs does not keep the process beyond the grace", async () => {
  await using receiver = startReceiver({ hangs: true });
  await using platformX = await startPlatformX({ key: "key" });
  platformX.misbehave({ kind: "silent" });
  await using program = await startProgram({
    environment: {
      ...observedBy(receiver),
      GETDX_API_KEY: "key",
      GETDX_API_URL: platformX.url,
      SHUTDOWN_GRACE: "4s",
    },
  });
  const answer = answered(program.post(notificationWith()));
  await eventually(() => platformX.open === 1, "the attempt");
  // The grace and much for a slow machine, and yet less than the 10 s that Deno waits by default for each export.
  assert.equal((await program.stop({ patience: 12_000 })).code, 0, program.log);
  assert.deepEqual(await answer, [503, "unavailable", "draining"]);
  // Half of the grace is kept for the export: the end of the work is told in the log.
  assert.match(program.log, /"event":"draining".*"grace_ms":2000/);
  assert.ok(receiver.raw.length > 0, "something was exported");
});

for (
  const [name, settings, problem] of [
    [
      "limits of the export that are too long",
      { OTEL_BSP_EXPORT_TIMEOUT: "30000" },
      "OTEL_BSP_EXPORT_TIMEOUT",
    ],
    ["metrics that are exported", { OTEL_DENO_METRICS: "true" }, "OTEL_DENO_METRICS"],
  ] as const
) {
  Deno.test(`${name} are refused at the start, and by the check: the end could be late`, async () => {
    await using receiver = startReceiver();
    const environment = { ...observedBy(receiver), DRY_RUN: "true", ...settings };
    const told = new RegExp(`The configuration has a problem:\\n- ${problem}`);
    await assert.rejects(startProgram({ environment }), told);
    const { code, stderr } = await runProgram(["check"], { environment });
    assert.equal(code, 2);
    assert.match(stderr, told);
  });
}
