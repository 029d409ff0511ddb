/** What single flights have around them, in the hands of a test. */
import { constant } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import { attribute } from "../../lib/coder/attribution.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { DedupCache } from "../../lib/delivery/dedup_cache.ts";
import type { Deliver } from "../../lib/delivery/direct.ts";
import type { Draft } from "../../lib/delivery/draft.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { SingleFlight } from "../../lib/delivery/single_flight.ts";
import type { Held } from "../../lib/platformx/gate.ts";
import { FakeClock, notificationWith, parsed, RecordingLog, settled } from "../support/fakes.ts";

/** Ends of a delivery. */
export const FORWARDED: Outcome = { status: "forwarded", attempts: 1 };
export const REFUSED: Outcome = { status: "refused", words: constant("no"), attempts: 1 };
export const FAILED: Outcome = {
  status: "unavailable",
  reason: "platformx",
  retryAfterMs: 2_000,
  attempts: 3,
};

/** A pause or a shutdown that a test begins and ends. */
export class FakeGate {
  #held: Held | undefined;
  #begins = new AbortController();

  get holdBegins(): AbortSignal {
    return this.#begins.signal;
  }

  held(): Held | undefined {
    return this.#held;
  }

  begin(reason: Held["reason"]): void {
    this.#held = { kind: "held", reason, waitMs: 1_000 };
    const begins = this.#begins;
    if (reason !== "draining") this.#begins = new AbortController();
    begins.abort();
  }

  end(): void {
    this.#held = undefined;
  }
}

/** A delivery under way, and what its event tells of the copy that sends it and of the first one. */
export interface Sending {
  /** The happening. */
  readonly key: string;
  /** Id of the occurrence's first message. */
  readonly first: string;
  /** When that came, in Unix seconds. */
  readonly arrived: string;
  /** Id of the message that sends. */
  readonly sentBy: string;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly end: (outcome: Outcome) => Promise<void>;
  /** Ends it by a fault. */
  readonly fail: () => Promise<void>;
}

/** Deliveries that last until a test says how they end; in a hold they end at once, as the real ones do. */
export class PendingDeliveries {
  /** Those under way, the oldest first. */
  readonly sending: Sending[] = [];
  /** Every delivery that was begun. */
  begun = 0;
  readonly #gate: FakeGate;

  constructor(gate: FakeGate) {
    this.#gate = gate;
  }

  readonly deliver: Deliver = ({ metadata, timestamp }, deadline) => {
    const held = this.#gate.held();
    if (held !== undefined) {
      const { reason, waitMs: retryAfterMs } = held;
      return Promise.resolve({ status: "unavailable", reason, retryAfterMs, attempts: 0 });
    }
    this.begun++;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const over = async (settle: () => void) => {
      this.sending.splice(this.sending.indexOf(sending), 1);
      settle();
      await settled();
    };
    const sending: Sending = {
      key: metadata["workspace"]!,
      first: metadata["coder_message_id"]!,
      arrived: timestamp,
      sentBy: metadata["template"]!,
      deadline,
      end: (outcome) => over(() => resolve(outcome)),
      fail: () => over(() => reject(new Error("a fault"))),
    };
    this.sending.push(sending);
    return promise;
  };

  /** The only one under way. */
  get only(): Sending {
    const [only, ...more] = this.sending;
    assert.ok(only !== undefined && more.length === 0, `${this.sending.length} are under way`);
    return only;
  }
}

/** Single flights with everything around them. */
export function flightsWith(
  { window = 86_400_000, deadline = 10_000, send }: {
    window?: number;
    deadline?: number;
    send?: Deliver;
  } = {},
) {
  const clock = new FakeClock();
  const gate = new FakeGate();
  const log = new RecordingLog();
  const deliveries = new PendingDeliveries(gate);
  const flights = new SingleFlight({
    cache: new DedupCache(window, clock.monotonic),
    deliver: send ?? deliveries.deliver,
    ...{ clock, deadline, gate, log },
  });
  /** A copy of a happening, as `recipient` gets it. */
  const draft = (recipient: string, messageId: string, key = "happening"): Draft => {
    const labels = { workspace: key, template: messageId };
    const attributed = attribute(parsed(notificationWith({ labels }, messageId)), RULES);
    assert.ok(attributed.kind === "attributed");
    return { key, attributed, copy: { recipient, messageId, arrivedAt: clock.now() }, testData: false };
  };
  const deliver = (recipient: string, messageId: string, key?: string): Promise<Outcome> =>
    flights.deliver(draft(recipient, messageId, key));
  return { clock, gate, deliveries, flights, draft, deliver };
}

const RULES = { tracking: parseTracking("*").tracking, domains: undefined };
