/** Stand-ins shared by the tests. */
import { inFull, type Redacted } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import type { Clock } from "../../lib/base/clock.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import { type Notification, recognise } from "../../lib/coder/notification.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import type { Log, LogFields, LogLevel } from "../../lib/base/log.ts";
import type { LogEvent } from "../../lib/base/log_events.ts";
import type { Attempt } from "../../lib/platformx/client.ts";

/** People of the demo's samples: alice owns the workspace, tina is the administrator who is told. */
export const ALICE = { id: "4d82c616-c12b-42e7-8ddc-e92c2cb31a1d", email: "alice@example.com" } as const;
export const TINA = { id: "abe25052-b4a7-48f0-be46-6ae1d3efbbac", email: "tina@example.com" } as const;

/** Ids of things in {@link notificationWith}'s body, in the order of its targets. */
export const IDS = {
  message: "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5",
  workspace: "42d265a4-65c6-48b8-8464-94382de8de3a",
  owner: ALICE.id,
  template: "6bba6171-25eb-4aa5-92e4-aa97d52ee91c",
  organization: "3f688f70-a42f-473a-a7b3-a07b308bc5fb",
} as const;

/** A decoded webhook body. */
export interface Body {
  readonly msg_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * A valid webhook body: Workspace Created, about alice, told to tina. `payload` replaces fields of the inner body;
 * a field given as undefined is missing.
 */
export function notificationWith(
  payload: Record<string, unknown> = {},
  messageId: string = IDS.message,
): Body {
  return {
    msg_id: messageId,
    payload: {
      notification_name: "Workspace Created",
      notification_template_id: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
      user_id: TINA.id,
      user_email: TINA.email,
      labels: { workspace: "alice-dev", template: "docker-go", version: "brave_turing4" },
      data: { owner: ALICE, workspace: { id: IDS.workspace, name: "alice-dev" } },
      targets: [IDS.workspace, IDS.owner, IDS.template, IDS.organization],
      ...payload,
    },
  };
}

/** The notification in a body, as it is after the way through JSON. Fails when it is refused. */
export function parsed(body: unknown): Notification {
  const result = recognise(JSON.parse(JSON.stringify(body)));
  assert.ok(result.kind === "notification", `refused: ${JSON.stringify(result)}`);
  return result;
}

/** Texts of every kind: words, controls, astral characters, lone surrogates, names of object members. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: "binary", maxLength }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((units) =>
      String.fromCharCode(...units)
    ),
    fc.array(fc.constantFrom("\0", "\n", '"', "\\", "é", "€", "…", "𝒳", "\ud800", "\udc00"), { maxLength })
      .map((parts) => parts.join("")),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "0",
      "42",
      "4294967295",
      "workspace",
      "template_id",
    ),
  );
}

/** Resolves when nothing is left to do but what waits for a timer, a socket or a file. */
export async function settled(): Promise<void> {
  await setImmediate();
}

/** What a promise has come to so far; undefined: to nothing yet. */
export function watched<T>(promise: Promise<T>): { value: T | undefined } {
  const seen: { value: T | undefined } = { value: undefined };
  void promise.then((value) => seen.value = value);
  return seen;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #wall = Date.UTC(2026, 0, 2, 3, 4, 5);
  #monotonic = 1_000;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  readonly now = (): number => this.#wall;
  readonly monotonic = (): number => this.#monotonic;

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = {
      until: this.#monotonic + ms,
      wake: () => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", sleeper.wake);
        resolve();
      },
    };
    this.#sleepers.add(sleeper);
    signal.addEventListener("abort", sleeper.wake);
    return promise;
  };

  /** How many sleep. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Lets time pass: whoever is due is woken in order, and does what he does before the next one. */
  async advance(ms: number): Promise<void> {
    await settled();
    const end = this.#monotonic + ms;
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#pass(Math.max(0, next.until - this.#monotonic));
      next.wake();
      await settled();
    }
    this.#pass(end - this.#monotonic);
    await settled();
  }

  /** Lets time pass in one piece, as a busy process sees it: nobody is woken before all of it is over. */
  stall(ms: number): void {
    this.#pass(ms);
  }

  /** Sets the machine's clock forward or back; measured time does not notice. */
  setBy(ms: number): void {
    this.#wall += ms;
  }

  #pass(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }

  #nextDue(end: number): { readonly until: number; readonly wake: () => void } | undefined {
    const due = [...this.#sleepers].filter(({ until }) => until <= end);
    return due.sort((a, b) => a.until - b.until)[0];
  }
}

/** One line of {@link RecordingLog}. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps what is written, of every level. */
export class RecordingLog implements Log {
  readonly entries: LogEntry[] = [];

  writes(): boolean {
    return true;
  }

  write(level: LogLevel, event: LogEvent, message: string, fields: LogFields = {}): void {
    this.entries.push({ level, event, message, fields });
  }

  /** The entries with one of these names, in order. */
  of(...events: LogEvent[]): LogEntry[] {
    return this.entries.filter(({ event }) => events.includes(event));
  }
}

/** Attempts at PlatformX that last until a test says how they end. */
export class PendingAttempts {
  /** Events sent, in order. */
  readonly sent: PlatformXEvent[] = [];
  readonly #pending: ((verdict: Verdict) => void)[] = [];

  readonly attempt: Attempt = (event) => {
    this.sent.push(event);
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#pending.push(resolve);
    return promise;
  };

  /** How many are under way. */
  get underWay(): number {
    return this.#pending.length;
  }

  /** Ends the attempt that has lasted longest. */
  async end(verdict: Verdict): Promise<void> {
    const end = this.#pending.shift();
    assert.ok(end !== undefined, "no attempt is under way");
    end(verdict);
    await settled();
  }
}

/** An event; PlatformX would take it. */
export const EVENT: PlatformXEvent = {
  name: "Workspace Created",
  email: ALICE.email,
  timestamp: "1767323045",
  metadata: { workspace: "alice-dev" },
};

/** Fields of a log line whose texts a test made up: nothing of them is to be redacted. */
export function shownFields(fields: LogFields = {}): Record<string, Redacted | number | boolean | undefined> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? inFull(value) : value]),
  );
}
