import assert from "node:assert/strict";
import { StoreError, type StoreFault } from "../../lib/outbox/store_fault.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { RecordingLog } from "../support/fakes.ts";

/** What happens to a store: a fault, or an operation that worked. */
type Seen = { readonly fails: StoreFault } | "accepted" | "settled" | "tidied";

function watched(seen: readonly Seen[]) {
  const log = new RecordingLog();
  const watch = new StoreWatch(log);
  for (const one of seen) {
    if (typeof one === "object") watch.failed(new StoreError(one.fails));
    else watch[one]();
  }
  const told = log.entries.map(({ event, fields }) => event === "outbox_usable" ? "usable" : fields["fault"]);
  return { told, log, failing: watch.failing?.fault };
}

const [full, busy, overfull, gone] = [{ fails: "full" }, { fails: "busy" }, { fails: "overfull" }, {
  fails: "gone",
}] as const;

Deno.test("a store that fails is told of once for each kind of fault, and once when it works again", async (t) => {
  const rows: [what: string, seen: readonly Seen[], told: readonly unknown[], failing?: StoreFault][] = [
    ["nothing is told of what works", ["accepted", "settled", "tidied"], []],
    ["once a kind", [full, full, busy, full], ["full", "busy"], "full"],
    [
      "once when it works again",
      [full, busy, "settled", "settled", full],
      ["full", "busy", "usable", "full"],
      "full",
    ],
    [
      "no room is so until an event was accepted",
      [overfull, "settled", "tidied", overfull],
      ["overfull"],
      "overfull",
    ],
    [
      "an event was accepted",
      [overfull, "accepted", overfull],
      ["overfull", "usable", "overfull"],
      "overfull",
    ],
    ["what is settled in a file that is gone does not bring it back", [gone, "settled"], ["gone"], "gone"],
    ["a file at its place is looked after", [gone, "settled", "tidied"], ["gone", "usable"]],
    ["looking after it need not write: the disk may still be full", [full, "tidied"], ["full"], "full"],
    ["the end of the service is no fault", [{ fails: "closed" }], []],
  ];
  for (const [what, seen, told, failing] of rows) {
    await t.step(what, () => {
      const now = watched(seen);
      assert.deepEqual([now.told, now.failing], [told, failing]);
    });
  }
});

Deno.test("the log line names the variable, says what to do and what becomes of webhooks", () => {
  const { log } = watched([full]);
  assert.deepEqual(log.entries.map(({ level, message }) => [level, message]), [[
    "ERROR",
    "OUTBOX: its disk is full: make room. Until then webhooks are answered 503 and Coder sends them again",
  ]]);
});
