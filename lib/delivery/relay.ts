/** The use case: a webhook's JSON in, what became of it out. */
import { hash } from "node:crypto";
import { answered, attribute, type AttributionRules } from "../coder/attribution.ts";
import { findRow } from "../coder/catalogue.ts";
import { buildEvent, type FirstCopy, type PlatformXEvent } from "../platformx/event.ts";
import { identityOf, recipientOf } from "../coder/occurrence.ts";
import { type Invalid, problemOf, recognise } from "../coder/notification.ts";
import { type Outcome, shownName } from "./outcome.ts";
import { expectedAs } from "../coder/tracking.ts";
import { scrub } from "../base/redact.ts";
import type { Log } from "../base/log.ts";
import type { LogEvent } from "../base/log_events.ts";
import type { Fulfilled, Order } from "./single_flight.ts";

/** What became of a webhook, and what may be told of it in the log. */
export interface Report {
  readonly outcome: Outcome;
  /** As shown: shortened, without addresses. Undefined when the body is no notification. */
  readonly messageId?: string;
  readonly attempts: number;
  /** The tracked name that has arrived with it, if any. */
  readonly arrived?: string | undefined;
}

/** What came of an order: delivered by now, or committed to the outbox. */
export type Handled = Fulfilled | { readonly kind: "queued"; readonly attempts: 0 };

/** What the relay needs from outside. */
export interface RelayOptions {
  readonly rules: AttributionRules;
  readonly testData: boolean;
  readonly dryRun: boolean;
  readonly fulfil: (order: Order) => Promise<Handled>;
  readonly log: Log;
}

/** Names of which a warning is remembered, so that senders cannot make the list grow. */
const MOST_WARNED = 1_000;

/** Turns notifications into events and has them delivered. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #warned = new Set<string>();

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Handles one decoded body that arrived at `arrivedAt` (Unix milliseconds). */
  async receive(body: unknown, arrivedAt: number): Promise<Report> {
    const notification = recognise(body);
    if (notification.kind === "invalid") return await turnedAway(body, notification);
    const messageId = scrub(notification.messageId, [], 64);
    const { rules } = this.#options;
    const attribution = attribute(notification, rules);
    if (attribution.kind === "invalid") return { ...await turnedAway(body, attribution), messageId };
    // Nobody asks Coder yet: the rules do not allow it.
    const attributed = attribution.kind === "ask" ? answered(attribution, undefined, rules) : attribution;
    if (attributed.kind === "ignored" && attributed.reason === "secret") {
      this.#warnOnce("passcode_dropped", "", PASSCODE_DROPPED, messageId);
      return { outcome: { status: "ignored", reason: "secret" }, messageId, attempts: 0 };
    }
    const arrived = expectedAs(rules.tracking, notification);
    if (attributed.kind === "ignored") {
      const { reason, name: event } = attributed;
      if (reason === "no_person") this.#warnOnce("person_missing", event, PERSON_MISSING, messageId);
      return { outcome: { status: "ignored", reason, event }, messageId, attempts: 0, arrived };
    }

    const { name } = attributed;
    const { dryRun, fulfil, testData } = this.#options;
    const key = hash("sha256", identityOf(attributed), "base64url");
    const copy = { recipient: recipientOf(attributed), messageId: notification.messageId, arrivedAt };
    const eventFor = (first: FirstCopy) => {
      const { event, fitted } = buildEvent(attributed, { first, testData });
      this.#debug(event, fitted.bytes, messageId);
      return event;
    };
    const fulfilled = await fulfil({ key, copy, eventFor });
    this.#tellRefusal(fulfilled, name, messageId);
    return { outcome: outcomeOf(fulfilled, name, dryRun), messageId, attempts: fulfilled.attempts, arrived };
  }

  /** Once for each answer of PlatformX's: copies that share it made no attempt. */
  #tellRefusal(fulfilled: Handled, name: string, messageId: string): void {
    if (fulfilled.kind !== "refused" || fulfilled.attempts === 0) return;
    const { attempts, words } = fulfilled;
    const fields = { msg_id: messageId, notification: shownName(name), seen: words, attempts };
    this.#options.log.write("WARNING", "event_refused", EVENT_REFUSED, fields);
  }

  #debug(event: PlatformXEvent, metadataBytes: number, messageId: string): void {
    const { log } = this.#options;
    if (!log.writes("DEBUG")) return;
    const { name, email, timestamp } = event;
    const fields = {
      msg_id: messageId,
      notification: shownName(name),
      email,
      timestamp,
      metadata_bytes: metadataBytes,
    };
    log.write(
      "DEBUG",
      "event",
      "The event made from this webhook; it goes to PlatformX or to OUTBOX next",
      fields,
    );
  }

  #warnOnce(event: LogEvent, name: string, message: string, messageId: string): void {
    const key = `${event} ${name}`;
    const isBounded = name === "" || findRow(name) !== undefined;
    if (this.#warned.has(key) || (!isBounded && this.#warned.size >= MOST_WARNED)) return;
    this.#warned.add(key);
    const notification = name === "" ? undefined : shownName(name);
    this.#options.log.write("WARNING", event, message, { msg_id: messageId, notification });
  }
}

async function turnedAway(body: unknown, invalid: Invalid): Promise<Report> {
  const { field, rule } = await problemOf(body, invalid);
  const message = `${field} ${rule}.`;
  return { outcome: { status: "error", reason: "invalid_notification", message }, attempts: 0 };
}

function outcomeOf(fulfilled: Handled, event: string, dryRun: boolean): Outcome {
  switch (fulfilled.kind) {
    case "delivered":
      return { status: dryRun ? "dry_run" : "forwarded", event };
    case "duplicate":
    case "queued":
      return { status: fulfilled.kind, event };
    case "refused":
      return { status: "refused", event, message: fulfilled.words };
    case "unavailable": {
      const { reason, retryAfterMs } = fulfilled;
      return { status: "unavailable", reason, retryAfterMs, event };
    }
  }
}

const EVENT_REFUSED =
  "PlatformX refuses this event, in the words of seen. Coder is answered 502 and sends it again a few times; other " +
  "events are not held up. Look at the event with 'coder-platformx explain' or at LOG_LEVEL DEBUG, or ask DX";
const PASSCODE_DROPPED =
  "Coder sends password-reset codes here. They are dropped unread, so people cannot reset their passwords: in Coder, " +
  "let 'One-Time Passcode' go by e-mail, or do not make webhook the method of all notifications. Said once";
const PERSON_MISSING =
  "A tracked notification came without the address of the person it is about and was not forwarded. Older Coder " +
  "versions leave it out: upgrade Coder. Service accounts and prebuilt workspaces have none: nothing is to be done. " +
  "Said once per name";
