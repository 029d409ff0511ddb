/**
 * What a webhook costs without sockets, disk and log: step by step, and all of it as the relay does it. Bodies are
 * distinct, as Coder's are, and texts, as they come off the wire.
 */
import { createHash } from "node:crypto";
import sample from "../../tests/fixtures/coder/workspace-created.json" with { type: "json" };
import { attribute, type Attributed, type AttributionRules } from "../../lib/coder/attribution.ts";
import { fitMetadata } from "../../lib/platformx/budget.ts";
import { buildEvent } from "../../lib/platformx/event.ts";
import { identityOf } from "../../lib/coder/occurrence.ts";
import { selectMetadata } from "../../lib/platformx/metadata.ts";
import { type Notification, recognise } from "../../lib/coder/notification.ts";
import { DEFAULT_EVENTS_TRACKED, parseTracking } from "../../lib/coder/tracking.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { bodyOf, serialOf } from "./load/webhooks.ts";

/** More than caches of the last few texts keep. */
const BODIES = 4096;

const ARRIVED = Date.UTC(2026, 10, 1);
const FIRST = { messageId: sample.msg_id, arrivedAt: ARRIVED };

const { tracking } = parseTracking(DEFAULT_EVENTS_TRACKED.join(","));
const rules: AttributionRules = { tracking, domains: undefined };
const texts = Array.from({ length: BODIES }, (_, n) => bodyOf(serialOf(0, 0, n)));
const ready = texts.map((text) => {
  const notification = parsed(JSON.parse(text));
  return { notification, attributed: attributed(notification) };
});

function parsed(value: unknown): Notification {
  const result = recognise(value);
  if (result.kind === "invalid") throw new Error(`wrong: ${result.need}`);
  return result;
}

function attributed(notification: Notification): Attributed {
  const result = attribute(notification, rules);
  if (result.kind !== "attributed") throw new Error(`${result.kind}, not attributed`);
  return result;
}

/** Goes through a list again and again. */
function inTurn<T>(items: readonly T[]): () => T {
  let n = 0;
  return () => items[n++ % items.length]!;
}

const nextText = inTurn(texts);
const nextReady = inTurn(ready);

/** What comes out, so that nothing can be left out as unused. */
const out = { length: 0 };

const relay = new Relay({
  rules,
  testData: false,
  dryRun: false,
  fulfil: ({ key, eventFor, copy }) => {
    out.length += key.length + JSON.stringify(eventFor(copy)).length;
    return Promise.resolve({ kind: "delivered", attempts: 1 });
  },
  log: { writes: () => false, write: () => {} },
});

Deno.bench("parsing: JSON text to notification", () => {
  out.length += parsed(JSON.parse(nextText())).name.length;
});
Deno.bench("identity: canonical text and its SHA-256", () => {
  out.length += createHash("sha256").update(identityOf(nextReady().attributed)).digest().length;
});
Deno.bench("transformation: notification to event, as JSON", () => {
  const { notification } = nextReady();
  const { event } = buildEvent(attributed(notification), { first: FIRST, testData: false });
  out.length += JSON.stringify(event).length;
});
Deno.bench("metadata alone, as part of the transformation", () => {
  out.length += fitMetadata(selectMetadata(nextReady().attributed, FIRST.messageId).fields).bytes;
});
Deno.bench("all together, through the relay", async () => {
  const { outcome } = await relay.receive(JSON.parse(nextText()), ARRIVED);
  if (outcome.status !== "forwarded") throw new Error(`not forwarded: ${outcome.status}`);
});
