import assert from "node:assert/strict";
import { deliverToLog } from "../../lib/delivery/dry_run.ts";
import type { Log } from "../../lib/base/log.ts";
import { EVENT, RecordingLog } from "../support/fakes.ts";

Deno.test("a dry run logs the event without the address, wherever it stands, and counts as done", async () => {
  const log = new RecordingLog();
  const metadata = { coder_message_id: "m-1", note: "ask alice@example.com" };
  const outcome = await deliverToLog(log)({ ...EVENT, metadata }, 0);
  assert.deepEqual(outcome, { status: "dry_run", attempts: 0 });
  assert.doesNotMatch(JSON.stringify(log.entries), /alice@/);
  const [{ level, event, fields } = assert.fail("nothing is logged")] = log.entries;
  assert.deepEqual([level, event, fields["msg_id"], fields["notification"]], [
    "INFO",
    "event",
    "m-1",
    EVENT.name,
  ]);
});

Deno.test("a dry run does no work for a line that is not written", async () => {
  const log: Log = { writes: () => false, write: () => assert.fail("written") };
  const event = {
    ...EVENT,
    metadata: {
      get coder_message_id(): string {
        return assert.fail("read");
      },
      toJSON: () => assert.fail("turned into text"),
    } as unknown as typeof EVENT.metadata,
  };
  assert.equal((await deliverToLog(log)(event, 0)).status, "dry_run");
});
