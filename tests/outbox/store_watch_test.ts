import assert from "node:assert/strict";
import { StoreError, type StoreFault } from "../../lib/outbox/store_fault.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { RecordingLog } from "../support/fakes.ts";

/** What happens to the store, and what is said: a fault's name, or `usable`. */
const courses: readonly {
  readonly what: string;
  readonly events: readonly (StoreFault | "refused: full" | "accepted" | "settled" | "tidied")[];
  readonly said: readonly (StoreFault | "usable")[];
  readonly failing?: StoreFault;
}[] = [
  {
    what: "told of once for each kind of fault, and once when it works again",
    events: ["settled", "full", "full", "busy", "full", "settled", "settled", "full"],
    said: ["full", "busy", "usable", "full"],
    failing: "full",
  },
  {
    what: "failing with what failed last",
    events: ["full", "busy"],
    said: ["full", "busy"],
    failing: "busy",
  },
  {
    what: "overfull until an event is accepted, whatever else is written",
    events: ["overfull", "settled", "overfull", "accepted", "overfull"],
    said: ["overfull", "usable", "overfull"],
    failing: "overfull",
  },
  {
    what: "out of keys until an event is accepted",
    events: ["keys_overfull", "settled"],
    said: ["keys_overfull"],
    failing: "keys_overfull",
  },
  {
    what: "still overfull when its other fault is over",
    events: ["overfull", "full", "settled"],
    said: ["overfull", "full"],
    failing: "overfull",
  },
  {
    what:
      "full until an event is accepted where a webhook was refused, as what is there may still be changed",
    events: ["refused: full", "settled", "full", "settled", "accepted", "full", "settled"],
    said: ["full", "usable", "full", "usable"],
  },
  {
    what: "gone until it is there again, though the file that is gone can still be written",
    events: ["gone", "settled", "gone", "tidied"],
    said: ["gone", "usable"],
  },
  {
    what: "back as soon as it answers, though nothing is to be written",
    events: ["unreachable", "tidied", "slow", "tidied", "no_login", "tidied", "no_database", "tidied"],
    said: ["unreachable", "usable", "slow", "usable", "no_login", "usable", "no_database", "usable"],
  },
  {
    what: "full, read-only or damaged until something is written, however often it is looked after",
    events: ["full", "tidied", "read_only", "broken", "tidied"],
    said: ["full", "read_only", "broken"],
    failing: "broken",
  },
  { what: "closed without a word: the service ends", events: ["closed", "settled"], said: [] },
];

for (const { what, events, said, failing } of courses) {
  Deno.test(`a store is ${what}`, () => {
    const log = new RecordingLog();
    const watch = new StoreWatch(log);
    for (const event of events) {
      if (event === "accepted") watch.accepted();
      else if (event === "settled") watch.settled();
      else if (event === "tidied") watch.tidied();
      else if (event === "refused: full") watch.refused(new StoreError("full"));
      else watch.failed(new StoreError(event));
    }
    const lines = log.entries.map(({ event, fields, level }) => [level, event, fields["fault"]]);
    assert.deepEqual(
      lines,
      said.map((fault) =>
        fault === "usable" ? ["INFO", "outbox_usable", undefined] : ["ERROR", "outbox_unusable", fault]
      ),
    );
    assert.equal(watch.failing?.fault, failing);
  });
}

Deno.test("the log line names the variable, says what to do and what becomes of webhooks", () => {
  const log = new RecordingLog();
  new StoreWatch(log).failed(new StoreError("full"));
  assert.equal(
    log.entries[0]?.message,
    "OUTBOX: its disk is full: make room. Until then webhooks are answered 503 and Coder sends them again",
  );
});
