import assert from "node:assert/strict";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { RecordingLog } from "../support/fakes.ts";

function watched(): { readonly watch: StoreWatch; readonly log: RecordingLog } {
  const log = new RecordingLog();
  return { watch: new StoreWatch(log), log };
}

Deno.test("a store that fails is told of once for each kind of fault, and once when it works again", () => {
  const { watch, log } = watched();
  watch.worked();
  watch.failed(new StoreError("full"));
  watch.failed(new StoreError("full"));
  watch.failed(new StoreError("busy"));
  watch.failed(new StoreError("full"));
  watch.worked();
  watch.worked();
  watch.failed(new StoreError("full"));
  assert.deepEqual(log.entries.map(({ level, event, fields }) => [level, event, fields["fault"]]), [
    ["ERROR", "outbox_unusable", "full"],
    ["ERROR", "outbox_unusable", "busy"],
    ["INFO", "outbox_usable", undefined],
    ["ERROR", "outbox_unusable", "full"],
  ]);
});

Deno.test("the log line names the variable, says what to do and what becomes of webhooks", () => {
  const { watch, log } = watched();
  watch.failed(new StoreError("full"));
  assert.equal(
    log.entries[0]?.message,
    "OUTBOX: the disk is full: make room. Until then webhooks are answered 503 and Coder sends them again",
  );
});

Deno.test("an outbox that is overfull is so until a new event was accepted, whatever else is committed", () => {
  const { watch, log } = watched();
  watch.failed(new StoreError("overfull"));
  watch.worked();
  watch.failed(new StoreError("overfull"));
  watch.worked({ accepted: true });
  watch.failed(new StoreError("overfull"));
  assert.deepEqual(log.entries.map(({ event }) => event), [
    "outbox_unusable",
    "outbox_usable",
    "outbox_unusable",
  ]);
});

Deno.test("a service that was away is back as soon as it is read; a file is well only when it is written", () => {
  const { watch, log } = watched();
  watch.failed(new StoreError("unreachable"));
  watch.wasRead();
  watch.wasRead();
  assert.equal(watch.failing, undefined);
  watch.failed(new StoreError("full"));
  watch.wasRead();
  assert.match(watch.failing ?? "", /full/);
  assert.deepEqual(log.entries.map(({ event }) => event), [
    "outbox_unusable",
    "outbox_usable",
    "outbox_unusable",
  ]);
});
