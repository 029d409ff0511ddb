/** The use case: a webhook's JSON in, what became of it out. */
import type { Log } from "../base/log.ts";
import type { LogEvent } from "../base/log_events.ts";
import { scrub } from "../base/redact.ts";
import { attribute, type AttributionRules } from "../coder/attribution.ts";
import { findRow, rowOf } from "../coder/catalogue.ts";
import { parseNotification } from "../coder/notification.ts";
import { identityOf, recipientOf } from "../coder/occurrence.ts";
import { expectedAs } from "../coder/tracking.ts";
import type { Delivery } from "./draft.ts";
import { type Outcome, shownName } from "./outcome.ts";

/** What the relay needs from outside. */
export interface RelayOptions {
  readonly rules: AttributionRules;
  readonly testData: boolean;
  readonly delivery: Delivery;
  /** SHA-256 of a text, short and printable. */
  readonly hash: () => Promise<(text: string) => string>;
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
  async receive(body: unknown, arrivedAt: number): Promise<Outcome> {
    const { delivery, hash, rules, testData } = this.#options;
    const parsed = parseNotification(body);
    if (!parsed.ok) {
      return {
        status: "error",
        reason: "invalid_notification",
        detail: `${parsed.field} ${parsed.rule}`,
        attempts: 0,
      };
    }
    const { notification } = parsed;
    const messageId = scrub(notification.messageId, [], 64);
    const attributed = attribute(notification, rules);
    if (attributed.kind === "ignored") return this.#ignored(notification, attributed, messageId);

    const copy = { recipient: recipientOf(notification), messageId: notification.messageId, arrivedAt };
    const key = (await hash())(identityOf(notification, attributed));
    const outcome = await delivery.deliver({ key, copy, notification, attributed, testData });
    const trace = {
      messageId,
      notification: shownName(attributed.name),
      arrived: expectedAs(rules.tracking, notification, rowOf(notification)),
    };
    // Once for each answer of PlatformX's: copies that share it made no attempt.
    if (outcome.status === "refused" && outcome.attempts > 0) {
      const { attempts, words: seen } = outcome;
      const fields = { msg_id: messageId, notification: trace.notification, seen, attempts };
      this.#options.log.write("WARNING", "event_refused", EVENT_REFUSED, fields);
    }
    return { ...outcome, ...trace };
  }

  #ignored(
    notification: Parameters<typeof attribute>[0],
    ignored: Extract<ReturnType<typeof attribute>, { kind: "ignored" }>,
    messageId: string,
  ): Outcome {
    if (ignored.reason === "secret") {
      this.#warnOnce("passcode_dropped", "", PASSCODE_DROPPED, messageId);
      return { status: "ignored", reason: "secret", attempts: 0, messageId };
    }
    const { reason, name } = ignored;
    if (reason === "no_person") {
      const text = rowOf(notification) === undefined ? PERSON_UNKNOWN : PERSON_MISSING;
      this.#warnOnce("person_missing", name, text, messageId);
    }
    const arrived = expectedAs(this.#options.rules.tracking, notification, rowOf(notification));
    return { status: "ignored", reason, attempts: 0, messageId, notification: shownName(name), arrived };
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
const PERSON_UNKNOWN =
  "A tracked notification that this version does not know does not say whose it is, and was not forwarded. If it is " +
  "always about the one who is told, write it in EVENTS_TRACKED as 'Name=recipient'. Said once per name";
