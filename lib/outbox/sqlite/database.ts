/** An outbox in a SQLite database that is open: its operations, within a transaction of the caller's. Synchronous. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { LONGEST_RETRY_AFTER } from "../../platformx/backoff.ts";
import { eventId } from "../event_id.ts";
import { firstText, fold } from "../occurrence_text.ts";
import type { Answer, Ask, Draft, Moment, Operations, Settled } from "../operation.ts";
import {
  DEAD_REASONS,
  type DeadReason,
  isLeftAlone,
  type LeftAlone,
  type OutboxRecord,
  recordOf,
  type Row,
  type Stored,
  wholeNumber,
} from "../record.ts";
import { type Claim, DEAD_KEPT, type Fresh, inTurns, LEASE, type Summary } from "../store.ts";
import { BATCH, SQL } from "./statements.ts";
import { StoreError } from "../store_fault.ts";
import { summaryOf } from "../tally.ts";

/** Free pages, 10 MiB of them, that are kept to be used again. */
const FREE_PAGES = 2_560;

/** Records that are remembered as left alone. */
const MOST_LEFT_ALONE = 1_000;

/** What a database is worked on with. */
export interface DatabaseRules {
  readonly window: number;
  readonly maxAge: number;
  readonly maxKeys: number;
  readonly newUuid: () => string;
}

type Values = Readonly<Record<string, SQLInputValue>>;
type Answers<Kind extends keyof Operations> = Operations[Kind]["answer"];

/** Its methods throw what SQLite throws, and `StoreError` for what is wrong with one question only. */
export class SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #rules: DatabaseRules;
  readonly #statements = new Map<string, StatementSync>();
  readonly #leftAlone = new Set<string>();
  #untold: LeftAlone[] = [];
  /** Ids that were claimed here, and the monotonic time until which: a clock that is set ahead ends no lease. */
  readonly #held = new Map<string, number>();
  #moment: Moment = { now: 0, agedTo: 0, monotonic: 0, room: 0 };
  /** What this transaction has added so far. */
  #added = { events: 0, keys: 0, held: [] as string[] };
  #ids = 0;
  /** Counted late, as that takes a while. */
  #keys: number | undefined;
  /** Rows changed here, and what was so at the last summary. */
  #changes = 0;
  #seen = "";

  constructor(db: DatabaseSync, rules: DatabaseRules) {
    this.#db = db;
    this.#rules = rules;
  }

  /** A transaction begins. */
  begin(moment: Moment): void {
    this.#moment = moment;
    this.#added = { events: 0, keys: 0, held: [] };
    for (const [id, until] of this.#held) if (until <= moment.monotonic) this.#held.delete(id);
  }

  /** It was committed. */
  committed(): void {
    for (const id of this.#added.held) this.#held.set(id, this.#moment.monotonic + LEASE);
    if (this.#keys !== undefined) this.#keys += this.#added.keys;
  }

  /** Answers one question; what it writes counts when the caller commits. */
  answer(ask: Ask): Answer {
    switch (ask.kind) {
      case "accept":
        return this.#accept(ask);
      case "claim":
        return this.#claim(ask.limit, ask.fresh);
      case "settle":
        return this.#settle(ask);
      case "tidy":
        return this.#tidy();
      case "get":
        return this.#stored(SQL.get, { $id: ask.id })[0] ?? null;
      case "list": {
        const { state, after, limit } = ask;
        return this.#stored(state === "dead" ? SQL.listDead : SQL.listPending, {
          $after: after,
          $limit: limit,
        });
      }
      case "replay":
        return this.#replay(ask.id);
      case "drop":
        return this.#drop(ask.id);
    }
  }

  /** Records that are left alone and were not told of yet. */
  takeUntold(): readonly LeftAlone[] {
    const untold = this.#untold;
    this.#untold = [];
    return untold;
  }

  /** Whether an event waits here or is being sent. */
  get holdsEvents(): boolean {
    return Number(this.row(SQL.pendingSummary)?.["count"]) > 0;
  }

  /** Runs any statement, prepared: only so do SQLite's errors tell their kind. */
  run(sql: string, values: Values = {}): number {
    const changes = Number(this.#statement(sql).run(values).changes);
    this.#changes += changes;
    return changes;
  }

  /** What a pragma answers. */
  pragma(sql: string): unknown {
    return Object.values(this.row(`PRAGMA ${sql}`) ?? {})[0];
  }

  /** Counts what there is. */
  summary(): Summary {
    const dead = this.#all(SQL.deadSummary).map((row) => {
      const newest = { $at: wholeNumber(row["newest"]) ?? 0, $reason: String(row["dead_reason"]) };
      return { ...row, detail: this.row(SQL.newestDetail, newest)?.["detail"] };
    });
    return summaryOf(this.row(SQL.pendingSummary) ?? {}, dead, 0);
  }

  #accept({ key, recipient, messageId, event, take }: Draft): Answers<"accept"> {
    const { maxKeys, newUuid, window } = this.#rules;
    const { now, agedTo, room } = this.#moment;
    const copy = { recipient, messageId };
    const before = this.row(SQL.dedup, { $key: key })?.["occurrences"];
    const isKnown = before !== undefined;
    const folded = isKnown
      ? fold(String(before), copy, { now, agedTo, window })
      : { kind: "new", text: firstText(copy, now) } as const;
    if (folded === undefined) throw new StoreError("unreadable");
    if (folded.kind !== "new") {
      if (folded.text !== before) this.run(SQL.copy, { $key: key, $text: folded.text });
      return "duplicate";
    }
    if (this.#added.events >= room) throw new StoreError("overfull");
    if (!isKnown && (this.#keys ?? 0) + this.#added.keys >= maxKeys) throw new StoreError("keys_overfull");
    this.run(isKnown ? SQL.occurrence : SQL.newKey, {
      $key: key,
      $text: folded.text,
      $expires: now + window,
    });
    const id = eventId(now, ++this.#ids, newUuid());
    this.#added.events++;
    if (!isKnown) this.#added.keys++;
    const line = take ? { $due: this.#leased(id), $claimed: now } : { $due: now, $claimed: null };
    this.run(SQL.event, { $id: id, $event: event, $now: now, $claim: Number(take), ...line });
    return take ? { id, acceptedAt: now } : "queued";
  }

  #claim(limit: number, { within, first }: Fresh): Answers<"claim"> {
    const { now } = this.#moment;
    const half = first ? Math.ceil(limit / 2) : Math.floor(limit / 2);
    const fresh = this.#take(SQL.fresh, half, { $since: now - within });
    const due = this.#take(SQL.due, limit - fresh.length, {});
    return first ? inTurns(fresh, due) : inTurns(due, fresh);
  }

  /** Claims the first events of a query that may be. */
  #take(sql: string, limit: number, values: Values): readonly Claim[] {
    const { now, agedTo } = this.#moment;
    const passed = this.#leftAlone.size + this.#held.size;
    const bounds = { ...values, $now: now, $oldest: agedTo - this.#rules.maxAge, $limit: limit + passed };
    const claims: Claim[] = [];
    for (const row of limit > 0 ? this.#all(sql, bounds) : []) {
      const record = this.#read(row);
      if (claims.length === limit) break;
      if (isLeftAlone(record) || this.#held.has(record.id)) continue;
      this.run(SQL.claim, { $id: record.id, $now: now, $until: this.#leased(record.id) });
      const fence = (wholeNumber(row["claim"]) ?? 0) + 1;
      claims.push({ record, fence, age: Math.max(0, now - record.enqueuedAt) });
    }
    return claims;
  }

  /** Holds an event for its claimer; returns until when. */
  #leased(id: string): number {
    this.#added.held.push(id);
    return this.#moment.now + LEASE;
  }

  #settle({ id, fence, place, settlement }: Settled): Answers<"settle"> {
    const { now } = this.#moment;
    const own = { $id: id, $fence: fence };
    this.#held.delete(id);
    const done = (changes: number) => changes > 0 ? "done" : null;
    if (settlement.kind === "delivered") {
      return done(this.run(SQL.delivered, own)) ?? this.#deliveredLate(own);
    }
    if (settlement.kind === "released") return done(this.run(SQL.released, { ...own, $place: place }));
    const { attempts, failures, ambiguous, detail } = settlement;
    const tried = {
      ...{ ...own, $now: now, $attempts: attempts, $failures: failures },
      ...{ $ambiguous: ambiguous, $detail: detail ?? null },
    };
    if (settlement.kind === "dead") {
      const isAgain = this.row(SQL.isDead, own) !== undefined;
      return isAgain ? "again" : done(this.run(SQL.dead, { ...tried, $reason: settlement.reason }));
    }
    const { maxAge } = this.#rules;
    return done(this.run(SQL.pending, { ...tried, $delay: settlement.delayMs, $maxAge: maxAge }));
  }

  /** Its lease ran out, and it was too old then. */
  #deliveredLate(own: Values): DeadReason | null {
    const was = this.row(SQL.deliveredLate, own)?.["dead_reason"];
    if (was !== undefined) this.#changes++;
    return DEAD_REASONS.find((reason) => reason === was) ?? null;
  }

  #tidy(): Answers<"tidy"> {
    const { now, agedTo } = this.#moment;
    this.#stored(SQL.newer, {});
    this.run(SQL.recall, { $now: now, $far: now + LONGEST_RETRY_AFTER });
    const oldest = agedTo - this.#rules.maxAge;
    const aged = {
      $oldest: oldest,
      $now: now,
      $limit: BATCH.buried + this.#leftAlone.size + this.#held.size,
    };
    const buried = this.#stored(SQL.aged, aged)
      .filter((stored): stored is OutboxRecord => !isLeftAlone(stored) && !this.#held.has(stored.id))
      .slice(0, BATCH.buried)
      .map((record): OutboxRecord => ({ ...record, dead: { reason: "expired", at: now } }));
    for (const { id } of buried) this.run(SQL.bury, { $id: id, $now: now });
    this.run(SQL.forgetDead, { $until: agedTo - DEAD_KEPT });
    this.#keys ??= Number(this.row(SQL.keys)?.["count"]);
    this.#added.keys -= this.run(SQL.forgetKeys, { $until: agedTo });
    if (Number(this.pragma("freelist_count")) > FREE_PAGES) this.#all(SQL.freeSome);
    const next = wholeNumber(this.row(SQL.nextDue, { $now: now })?.["at"]);
    const seen = `${this.pragma("data_version")} ${this.#changes}`;
    const summary = seen === this.#seen ? undefined : this.summary();
    this.#seen = seen;
    return { buried, nextDueIn: next === undefined ? undefined : next - now, summary };
  }

  #replay(id: string): DeadReason | null {
    const [stored] = this.#stored(SQL.get, { $id: id });
    if (stored === undefined || isLeftAlone(stored) || stored.dead === undefined) return null;
    this.run(SQL.replay, { $id: id, $now: this.#moment.now });
    return stored.dead.reason;
  }

  #drop(id: string): DeadReason | "pending" | null {
    const [stored] = this.#stored(SQL.get, { $id: id });
    if (stored === undefined || isLeftAlone(stored)) return null;
    if (this.#held.has(id) || this.run(SQL.drop, { $id: id, $now: this.#moment.now }) === 0) return null;
    return stored.dead?.reason ?? "pending";
  }

  #stored(sql: string, values: Values): Stored[] {
    return this.#all(sql, values).map((row) => this.#read(row));
  }

  #read(row: Row): Stored {
    const record = recordOf(row);
    if (isLeftAlone(record) && !this.#leftAlone.has(record.id) && this.#leftAlone.size < MOST_LEFT_ALONE) {
      this.#leftAlone.add(record.id);
      this.#untold.push(record);
    }
    return record;
  }

  /** The first row of an answer. */
  row(sql: string, values: Values = {}): Row | undefined {
    return this.#statement(sql).get(values);
  }

  #all(sql: string, values: Values = {}): Row[] {
    return this.#statement(sql).all(values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      // A larger number than JavaScript's would throw.
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
