import assert from "node:assert/strict";
import { type Outcome, REASONS, STATUSES } from "../../lib/delivery/outcome.ts";
import { told } from "../../lib/delivery/reasons.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import type { Fulfilled } from "../../lib/delivery/single_flight.ts";
import { RecordingLog } from "../support/fakes.ts";

const OUTSIDE = "words of alice@example.com\nfrom outside";

/** Every outcome that there is. */
const OUTCOMES = STATUSES.flatMap((status) =>
  REASONS[status].map((reason) =>
    ({
      status,
      ...(reason === "" ? {} : { reason }),
      event: "E",
      message: OUTSIDE,
      retryAfterMs: 1,
    }) as Outcome
  )
);

Deno.test("every outcome is told in a sentence of its own, without words from outside", async (t) => {
  for (const outcome of OUTCOMES) {
    const reason = "reason" in outcome ? outcome.reason : "";
    await t.step(`${outcome.status} ${reason}`, () => {
      assert.match(told(outcome), /^[A-Z][^\n]{15,}[^.]$/);
      assert.doesNotMatch(told(outcome), /alice/);
      if (reason !== "invalid_notification") assert.doesNotMatch(told(outcome), /from outside/);
    });
  }
  assert.equal(new Set(OUTCOMES.map(told)).size, OUTCOMES.length);
});

Deno.test("what was not done says who does something next", async (t) => {
  for (const outcome of OUTCOMES.filter(({ status }) => ["unavailable", "refused"].includes(status))) {
    await t.step(
      JSON.stringify(outcome),
      () => assert.match(told(outcome), /Coder (?:is asked to send|sends) it/),
    );
  }
});

Deno.test("the field that makes a notification invalid is told", () => {
  const message = "payload.labels must be an object: it is a list.";
  assert.ok(told({ status: "error", reason: "invalid_notification", message }).includes(message));
});

Deno.test("a refusal is told with PlatformX's words once for each of its answers", async (t) => {
  const rows: [fulfilled: Fulfilled, entries: number][] = [
    [{ kind: "refused", words: "no such name", attempts: 2 }, 1],
    [{ kind: "refused", words: "no such name", attempts: 0 }, 0],
    [{ kind: "delivered", attempts: 1 }, 0],
    [{ kind: "unavailable", reason: "key", retryAfterMs: 1, attempts: 1 }, 0],
  ];
  for (const [fulfilled, count] of rows) {
    await t.step(JSON.stringify(fulfilled), async () => {
      const log = new RecordingLog();
      const relay = new Relay({
        rules: { tracking: parseTracking("Workspace Created").tracking, domains: undefined },
        testData: false,
        dryRun: false,
        fulfil: () => Promise.resolve(fulfilled),
        log,
      });
      const sample = new URL("../fixtures/coder/workspace-created.json", import.meta.url);
      await relay.receive(JSON.parse(await Deno.readTextFile(sample)), 0);
      const entries = log.entries.filter(({ level }) => level !== "DEBUG").map((
        { level, event, fields },
      ) => [level, event, fields]);
      assert.equal(entries.length, count);
      if (count === 0) return;
      const fields = {
        msg_id: "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5",
        notification: "Workspace Created",
        seen: "no such name",
        attempts: 2,
      };
      assert.deepEqual(entries, [["WARNING", "event_refused", fields]]);
    });
  }
});
