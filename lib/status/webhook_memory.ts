/** The last webhooks one by one, without anything personal: for the page. */
import type { Redacted } from "../base/redact.ts";
import type { Status } from "../delivery/outcome.ts";
import type { DeadReason } from "../outbox/record.ts";

/** A webhook that was answered. Times are Unix milliseconds. */
export interface SeenWebhook {
  readonly at: number;
  /** As it may be shown. */
  readonly messageId: Redacted | undefined;
  /** As it may be shown; undefined: a password-reset code, or no notification. */
  readonly notification: Redacted | undefined;
  readonly status: Status;
  readonly reason: string | undefined;
  readonly attempts: number;
  readonly ms: number;
  /** PlatformX's, where it refused. */
  readonly words: Redacted | undefined;
  /** It had the header that Coder's webhooks have. */
  readonly fromCoder: boolean;
}

/** What this process made of an event of the outbox. */
export interface SettledEvent {
  readonly kind: "delivered" | "dead";
  readonly at: number;
  readonly attempts: number;
  /** Of a dead letter, with what the last attempt saw. */
  readonly reason?: DeadReason;
  readonly words?: Redacted | undefined;
}

/** A webhook, and what became of its event since. */
export type RememberedWebhook = SeenWebhook & { settled?: SettledEvent };

/** How many of each kind are kept: none can push out another. Whoever sends anything can fill the last. */
const KEPT = { taken: 200, failed: 100, turnedAway: 50, strangers: 20 } as const;

type Kind = keyof typeof KEPT;

/** Remembers the last webhooks. */
export class WebhookMemory {
  /** The newest last. */
  readonly #kept: Readonly<Record<Kind, RememberedWebhook[]>> = {
    taken: [],
    failed: [],
    turnedAway: [],
    strangers: [],
  };

  /** Takes an answered webhook. */
  add(webhook: SeenWebhook): void {
    this.#keep(kindOf(webhook), webhook);
  }

  /** Takes what became of the event of a webhook; of one that is not remembered, when it failed. */
  settle(webhook: Pick<SeenWebhook, "messageId" | "notification">, settled: SettledEvent): void {
    const { failed, taken } = this.#kept;
    const isIt = ({ messageId, status }: SeenWebhook) =>
      status === "queued" && messageId === webhook.messageId;
    const found = taken.findLast(isIt) ?? failed.findLast(isIt);
    if (found !== undefined) found.settled = settled;
    if (settled.kind !== "dead" || (found !== undefined && failed.includes(found))) return;
    this.#keep("failed", found ?? { ...UNSEEN, ...webhook, at: settled.at, settled });
  }

  /** All that is remembered, the newest first. */
  get all(): readonly RememberedWebhook[] {
    const { failed, strangers, taken, turnedAway } = this.#kept;
    return [...new Set([...taken, ...failed, ...turnedAway, ...strangers])].sort((a, b) => b.at - a.at);
  }

  /** Those of Coder that came to nothing, the newest first. */
  get failed(): readonly RememberedWebhook[] {
    const { failed, turnedAway } = this.#kept;
    // A dead letter may have been replayed since.
    return [...failed.filter(({ settled }) => settled?.kind !== "delivered"), ...turnedAway]
      .sort((a, b) => b.at - a.at);
  }

  #keep(kind: Kind, webhook: RememberedWebhook): void {
    const kept = this.#kept[kind];
    kept.push(webhook);
    if (kept.length > KEPT[kind]) kept.shift();
  }
}

/** Of an event that was accepted before the start. */
const UNSEEN = {
  status: "queued",
  reason: undefined,
  attempts: 0,
  ms: 0,
  words: undefined,
  fromCoder: true,
} as const satisfies Partial<SeenWebhook>;

function kindOf({ fromCoder, status }: SeenWebhook): Kind {
  if (status === "error") return fromCoder ? "turnedAway" : "strangers";
  return status === "refused" || status === "unavailable" ? "failed" : "taken";
}
