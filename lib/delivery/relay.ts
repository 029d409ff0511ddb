/** The use case: a webhook's JSON in, what became of it out. */
import type { Log } from "../base/log.ts";
import type { LogEvent } from "../base/log_events.ts";
import { constant, plain, type Redacted, shownId, shownName } from "../base/redact.ts";
import {
  answered,
  type Ask,
  attribute,
  type Attributed,
  type AttributionRules,
  type Ignored,
} from "../coder/attribution.ts";
import { findRow } from "../coder/catalogue.ts";
import type { Directory } from "../coder/directory.ts";
import { type Invalid, type Notification, problemOf, recognise } from "../coder/notification.ts";
import { identityOf, recipientOf } from "../coder/occurrence.ts";
import { expectedAs } from "../coder/tracking.ts";
import type { Delivery } from "./draft.ts";
import type { Outcome } from "./outcome.ts";

/** What the relay needs from outside. */
export interface RelayOptions {
  readonly rules: AttributionRules;
  readonly testData: boolean;
  readonly delivery: Delivery;
  /** Whom Coder knows; undefined: Coder is not asked. */
  readonly directory: Pick<Directory, "find"> | undefined;
  /** SHA-256 of a text, printable. */
  readonly hash: (text: string) => Promise<string>;
  readonly log: Log;
  /** Aborted when no new work is taken. */
  readonly draining: AbortSignal;
}

/** Names of which a warning is remembered, so that senders cannot make the list grow. */
const MOST_WARNED = 1_000;

/** Milliseconds after which Coder can answer again. */
const CODER_RETRY = 30_000;

/** Turns notifications into events and has them delivered. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #warned = new Set<string>();

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Handles one decoded body that arrived at `arrivedAt` (Unix milliseconds). */
  async receive(body: unknown, arrivedAt: number): Promise<Outcome> {
    const { rules } = this.#options;
    const notification = recognise(body);
    if (notification.kind === "invalid") return await invalid(body, notification);
    const attribution = attribute(notification, rules);
    const messageId = shownId(notification.messageId);
    if (attribution.kind === "invalid") return { ...await invalid(body, attribution), messageId };
    if (attribution.kind === "ignored" && attribution.reason === "secret") {
      this.#warnOnce("passcode_dropped", "", PASSCODE_DROPPED, messageId);
      return { status: "ignored", reason: "secret", attempts: 0, messageId };
    }
    const trace = {
      messageId,
      notification: shownName(attribution.name),
      arrived: expectedAs(rules.tracking, notification),
    };
    const attributed = attribution.kind === "ask" ? await this.#ask(attribution) : attribution;
    if ("status" in attributed) return { ...attributed, ...trace };
    if (attributed.kind === "ignored") return { ...this.#ignored(attributed, notification), ...trace };
    return { ...await this.#deliver(attributed, arrivedAt, trace), ...trace };
  }

  async #deliver(
    attributed: Attributed,
    arrivedAt: number,
    { messageId, notification }: { readonly messageId: Redacted; readonly notification: Redacted },
  ): Promise<Outcome> {
    const { delivery, hash, log, testData } = this.#options;
    const copy = {
      recipient: recipientOf(attributed),
      messageId: attributed.notification.messageId,
      arrivedAt,
    };
    const key = await hash(identityOf(attributed));
    const outcome = await delivery.deliver({ key, copy, attributed, testData });
    // Once for each answer of PlatformX's: copies that share it made no attempt.
    if (outcome.status === "refused" && outcome.attempts > 0) {
      const { attempts, words: seen } = outcome;
      log.write("WARNING", "event_refused", EVENT_REFUSED, {
        msg_id: messageId,
        notification,
        seen,
        attempts,
      });
    }
    return outcome;
  }

  /** Coder is not asked any more while the service shuts down: its answer would come too late. */
  async #ask(ask: Ask): Promise<Attributed | Ignored | Outcome> {
    const { directory, draining, rules } = this.#options;
    if (draining.aborted) {
      return { status: "unavailable", reason: "draining", retryAfterMs: 1_000, attempts: 0 };
    }
    const found = await directory?.find(ask.whom);
    if (found?.kind === "unavailable") {
      return { status: "unavailable", reason: "coder", retryAfterMs: CODER_RETRY, attempts: 0 };
    }
    return answered(ask, found?.kind === "person" ? found.user : undefined, rules);
  }

  #ignored(ignored: Ignored, { messageId, templateId }: Notification): Outcome {
    if (ignored.reason === "no_person") {
      const { name, why } = ignored;
      // A name that could not be written in the list is written by its template.
      const entry = /[,;=]/.test(name) ? shownId(templateId) : shownName(name);
      const text = why === "unknown_template"
        ? plain`${PERSON_UNKNOWN} Write it in EVENTS_TRACKED as '${entry}=recipient' if it is. Said once per name`
        : NO_PERSON[why];
      this.#warnOnce("person_missing", name, text, shownId(messageId));
    }
    return { status: "ignored", reason: ignored.reason, attempts: 0 };
  }

  #warnOnce(event: LogEvent, name: string, message: Redacted, messageId: Redacted): void {
    const key = `${event} ${name}`;
    const isBounded = name === "" || findRow(name) !== undefined;
    if (this.#warned.has(key) || (!isBounded && this.#warned.size >= MOST_WARNED)) return;
    this.#warned.add(key);
    const notification = name === "" ? undefined : shownName(name);
    this.#options.log.write("WARNING", event, message, { msg_id: messageId, notification });
  }
}

async function invalid(body: unknown, what: Invalid): Promise<Outcome> {
  const { field, rule } = await problemOf(body, what);
  return { status: "error", reason: "invalid_notification", detail: plain`${field} ${rule}`, attempts: 0 };
}

const EVENT_REFUSED = constant(
  "PlatformX refuses this event, in the words of seen. Coder is answered 502 and sends it again a few times; other ",
  "events are not held up. Look at the event with 'coder-platformx explain' or at LOG_LEVEL DEBUG, or ask DX",
);
const PASSCODE_DROPPED = constant(
  "Coder sends password-reset codes here. They are dropped unread, so people cannot reset their passwords: in Coder, ",
  "let 'One-Time Passcode' go by e-mail, or do not make webhook the method of all notifications. Said once",
);
const PERSON_UNKNOWN = constant(
  "A tracked notification that this version does not know names nobody whose it is, and was not forwarded. It may be ",
  "about the one who is told.",
);
const NOT_FORWARDED = constant("A tracked notification was not forwarded:");
/** Why, in words for the operator. */
const NO_PERSON = {
  never:
    plain`${NOT_FORWARDED} its webhooks never name the person's address. With CODER_URL, Coder is asked for some of these people. Said once per name`,
  missing:
    plain`${NOT_FORWARDED} it came without the person it is about, as from older versions of Coder: upgrade Coder. Said once per name`,
  empty:
    plain`${NOT_FORWARDED} it is about a service account, which has no address: nothing is to be done. Said once per name`,
  prebuilds:
    plain`${NOT_FORWARDED} it is about a prebuilt workspace that nobody has claimed: nothing is to be done. Said once per name`,
  malformed:
    plain`${NOT_FORWARDED} the person's address in Coder is not one e-mail address: correct it there. Said once per name`,
  not_found:
    plain`${NOT_FORWARDED} Coder does not know the person any more: nothing is to be done. Said once per name`,
} as const;
