import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import type { Delivery } from "../../lib/delivery/draft.ts";
import { type Outcome, REASONS_OF, STATUS_NAMES, told } from "../../lib/delivery/outcome.ts";
import { REASONS } from "../../lib/delivery/reasons.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { gateWith, KEY_REFUSED } from "../platformx/fakes.ts";
import { RecordingLog } from "../support/fakes.ts";
import { sampleOf } from "../support/samples.ts";

const WORDS = "words of PlatformX";

/** Every outcome that there is. */
const OUTCOMES = STATUS_NAMES.flatMap((status) =>
  REASONS_OF[status].map((reason) =>
    ({
      status,
      ...(reason === "" ? {} : { reason }),
      words: WORDS,
      retryAfterMs: 1,
      attempts: 1,
    }) as Outcome
  )
);

Deno.test("every reason says what happened, and what to do in a whole sentence or nothing", async (t) => {
  for (const [reason, { what, todo }] of Object.entries(REASONS)) {
    await t.step(reason, () => {
      assert.match(what, /^[A-Z][^\n]{10,}\.$/);
      assert.match(todo, /^(?:['A-Z][^\n]{10,}\.)?$/);
    });
  }
});

Deno.test("answer, page and log say of a refused key when its file is read again, and that systemd has a copy", async () => {
  const { log, send } = gateWith();
  await send(KEY_REFUSED);
  for (const said of [REASONS.key.todo, log.of("key_refused")[0]?.message ?? ""]) {
    assert.match(
      said,
      /GETDX_API_KEY_FILE.* read again by itself; systemd's copy of it changes only at a restart\./,
    );
  }
});

Deno.test("every outcome is told in a sentence of its own, without PlatformX's words", async (t) => {
  for (const outcome of OUTCOMES) {
    const reason = "reason" in outcome ? outcome.reason : "";
    await t.step(`${outcome.status} ${reason}`, () => {
      assert.match(told(outcome), /^[A-Z][^\n]{15,}[^.]$/);
      assert.ok(!told(outcome).includes(WORDS));
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
  const detail = constant("payload.labels must be an object: it is a list");
  const outcome = { status: "error", reason: "invalid_notification", detail, attempts: 0 } as const;
  assert.match(told(outcome), new RegExp(`^Turned away: .+ ${detail}\\. `));
});

Deno.test("a refusal is told with PlatformX's words once for each of its answers", async (t) => {
  const rows: [outcome: Outcome, entries: number][] = [
    [{ status: "refused", words: constant("no such name"), attempts: 2 }, 1],
    [{ status: "refused", words: constant("no such name"), attempts: 0 }, 0],
    [{ status: "forwarded", attempts: 1 }, 0],
    [{ status: "unavailable", reason: "key", retryAfterMs: 1, attempts: 1 }, 0],
  ];
  for (const [outcome, count] of rows) {
    await t.step(JSON.stringify(outcome), async () => {
      const log = new RecordingLog();
      const delivery: Delivery = { deliver: () => Promise.resolve(outcome) };
      const relay = new Relay({
        rules: { tracking: parseTracking("Workspace Created").tracking, domains: undefined },
        testData: false,
        delivery,
        directory: undefined,
        hash: (text) => Promise.resolve(text),
        log,
        draining: new AbortController().signal,
      });
      await relay.receive(sampleOf({ name: "Workspace Created" }), 0);
      const entries = log.entries.filter(({ level }) => level !== "DEBUG").map((
        { level, event, fields },
      ) => [level, event, fields]);
      const fields = {
        msg_id: "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5",
        notification: "Workspace Created",
        seen: "no such name",
        attempts: 2,
      };
      assert.deepEqual(entries, count === 0 ? [] : [["WARNING", "event_refused", fields]]);
    });
  }
});
