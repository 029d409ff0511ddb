import assert from "node:assert/strict";
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import { Sender } from "../../lib/platformx/gate.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { Worker } from "../../lib/outbox/dispatcher.ts";
import { PendingAttempts, RecordingLog } from "../support/fakes.ts";
import { assertConsistent, DAY, HOUR, openOutbox, orderOf, StoreTraffic, type TestOutbox } from "./fakes.ts";

/** A worker on an outbox, at work until it is disposed of. Attempts end when the test says so. */
function atWork({ clock, ledger, store }: TestOutbox) {
  const log = new RecordingLog();
  const attempts = new PendingAttempts();
  const draining = new AbortController();
  const cut = new AbortController();
  const sender = new Sender({
    onAttempt: () => {},
    attempt: attempts.attempt,
    key: new ApiKey("key", undefined, denoFiles, log),
    ratePerMinute: 0,
    meanwhile: "",
    clock,
    log,
    draining: draining.signal,
    cut: cut.signal,
  });
  const traffic = new StoreTraffic(store);
  const worker = new Worker({
    store,
    ledger,
    sender,
    clock,
    log,
    watch: new StoreWatch(log),
    random: () => 0.5,
    maxAge: 7 * DAY,
    draining: draining.signal,
    onDelivered: () => {},
  });
  const ended = worker.run();
  return {
    log,
    attempts,
    worker,
    traffic,
    sent: () => attempts.sent.map(({ metadata }) => metadata["coder_message_id"]),
    async [Symbol.asyncDispose]() {
      draining.abort();
      while (attempts.underWay > 0) await attempts.end({ kind: "delivered" });
      await ended;
    },
  };
}

const LATER = { kind: "later", cause: "platformx", seen: "status 503" } as const;

const jumps: { readonly what: string; readonly by: number; readonly wait: number }[] = [
  { what: "half an hour", by: -HOUR / 2, wait: HOUR / 2 + 2_000 },
  { what: "a day", by: -DAY, wait: 2_000 },
  { what: "ten years", by: -3_650 * DAY, wait: 2_000 },
];

for (const { what, by, wait } of jumps) {
  Deno.test(`a clock set back by ${what} delays what waits by an hour at most, and doubles nothing`, async () => {
    await using box = await openOutbox();
    await using scene = atWork(box);
    const { attempts, sent, traffic, worker } = scene;
    const { clock, outbox } = box;
    const tell = async (name: string) => {
      const accepted = await outbox.accept(orderOf(name, "tina", name));
      if (accepted.kind === "queued") worker.offer(accepted);
      await traffic.quiet(clock);
      return accepted.kind;
    };
    await traffic.quiet(clock);
    assert.equal(await tell("retried"), "queued");
    await attempts.end(LATER);
    assert.equal(await tell("under way"), "queued");
    assert.deepEqual(sent(), ["retried", "under way"]);

    clock.setBy(by);
    assert.equal(await tell("retried"), "duplicate");
    assert.equal(await tell("new"), "queued");
    assert.ok(sent().includes("new"), "new events go out at once");

    const all = ["new", "retried", "retried", "under way"];
    for (let passed = 0; passed < wait && sent().length < all.length; passed += 1_000) {
      while (attempts.underWay > 0) await attempts.end({ kind: "delivered" });
      await clock.advance(1_000);
      await traffic.quiet(clock);
    }
    while (attempts.underWay > 0) await attempts.end({ kind: "delivered" });
    await traffic.quiet(clock);
    assert.deepEqual(sent().toSorted(), all);
    assert.deepEqual(await assertConsistent(box.store), [], "nothing is left");
    assert.deepEqual(scene.log.of("outbox_unusable", "dead_letter"), []);
  });
}
