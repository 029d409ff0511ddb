/** What telemetry does to the program's start and end. */
import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { startObserved } from "../support/telemetry_program.ts";

Deno.test("a collector that hangs does not keep the process beyond the grace", async () => {
  await using receiver = startReceiver({ hangs: true });
  const held = Promise.withResolvers<void>();
  await using platformX = holdingServer(held.promise);
  await using program = await startObserved(receiver.endpoint, {
    GETDX_API_KEY: "key",
    GETDX_API_URL: platformX.url,
    SHUTDOWN_GRACE: "4s",
  });
  const body = JSON.stringify(notificationWith());
  const answer = fetch(program.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await platformX.asked;
  // The grace and much for a slow machine, and yet less than the 10 s that Deno waits by default for each export.
  const ended = await program.stop(12_000);
  held.resolve();
  assert.equal(ended, 0, program.log);
  assert.equal((await (await answer).json()).reason, "draining");
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
  Deno.test(`${name} are refused at the start: the end could be late`, async () => {
    await using receiver = startReceiver();
    await assert.rejects(
      startObserved(receiver.endpoint, { DRY_RUN: "true", ...settings }),
      new RegExp(`The configuration has a problem:\\n- ${problem}`),
    );
  });
}

/** A server that says when it was asked, and answers when told. */
function holdingServer(release: Promise<void>) {
  const asked = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.body?.cancel();
    asked.resolve();
    await release;
    return Response.json({ ok: true });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/events.track`,
    asked: asked.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
