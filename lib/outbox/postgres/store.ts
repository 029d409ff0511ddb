/** The outbox in PostgreSQL: several instances share it. Effects: sockets, randomness. */
import { planned, type PreparedDraft } from "./accept_plan.ts";
import { eventId } from "../event_id.ts";
import { Lane } from "./lane.ts";
import { DEAD_REASONS, isLeftAlone, type OutboxRecord, recordOf, type Row, type Stored } from "../record.ts";
import { type Claim, claimOfNew, type Fresh, inTurns, LEASE, type NewEvent } from "../store.ts";
import type { OutboxStore, Settlement, State, Summary } from "../store.ts";
import { mostKeys } from "../store_options.ts";
import type { Operations, Settled } from "../operation.ts";
import type { PostgresConnection } from "./connection.ts";
import { type OpenPostgres, openPostgres, type PostgresStoreOptions } from "./open.ts";
import type { Statements } from "./statements.ts";
import { StoreError } from "../store_fault.ts";
import { summaryOf, Tally } from "../tally.ts";
import { TrustedAge } from "../trusted_age.ts";

/** Items of one statement. */
const MOST_AT_ONCE = 128;

/** Tries to change what others change at the same time. */
const MOST_TRIES = 20;

/** Looking after the tables takes at most one part in so many of the time. */
const CARE = 20;

/** Records that are remembered as left alone. */
const MOST_LEFT_ALONE = 1_000;

type Settling = Operations["settle"]["answer"];
type Accepted = "queued" | "duplicate" | Claim | StoreError;

/** An event, and whether it is to be claimed as well. */
interface Accepting extends NewEvent {
  readonly take: boolean;
}

/** One per process. */
export class PostgresStore implements OutboxStore {
  readonly engine: string;
  readonly #connection: PostgresConnection;
  readonly #options: PostgresStoreOptions;
  readonly #sql: Statements;
  readonly #age: TrustedAge;
  readonly #tally = new Tally();
  readonly #accepts = new Lane<Accepting, Accepted>(MOST_AT_ONCE, (drafts) => this.#acceptAll(drafts));
  readonly #settles = new Lane<Settled, Settling>(MOST_AT_ONCE, (settled) => this.#settleAll(settled));
  readonly #leftAlone = new Set<string>();
  /** Ids that were claimed here, and until when: a clock that is set ahead ends no lease. */
  readonly #held = new Map<string, number>();
  #ids = 0;
  #keys = 0;
  #careAt = 0;

  private constructor(options: PostgresStoreOptions, opened: OpenPostgres) {
    this.#options = options;
    this.#connection = opened.connection;
    this.#sql = opened.sql;
    this.engine = `PostgreSQL ${opened.version}`;
    this.#age = new TrustedAge(opened.now, options.clock.monotonic());
  }

  /**
   * Opens the store, and makes its tables for the service if there are none.
   *
   * @throws {StoreError}
   */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const opened = await openPostgres(options);
    const store = new PostgresStore(options, opened);
    store.#count(opened.summary);
    return store;
  }

  get known(): Summary {
    return this.#tally.known;
  }

  async accept(draft: NewEvent, take = false): ReturnType<OutboxStore["accept"]> {
    const accepted = await this.#accepts.add({ ...draft, take });
    if (accepted instanceof StoreError) throw accepted;
    return accepted;
  }

  async claim(limit: number, { within, first }: Fresh): Promise<readonly Claim[]> {
    const rows = await this.#rows(this.#sql.claim, {
      fresh: first ? Math.ceil(limit / 2) : Math.floor(limit / 2),
      total: limit,
      since: Math.min(within, Number.MAX_SAFE_INTEGER),
      aged_to: this.#agedTo(),
      skip: this.#skipped(),
    });
    const until = this.#options.clock.monotonic() + LEASE;
    const claims = rows.flatMap((row) => {
      const record = this.#read(row);
      const fence = Number(row["claim"]);
      const place = Number(row["place"]);
      if (isLeftAlone(record)) {
        void this.#giveBack({ id: record.id, fence, place, settlement: { kind: "released" } });
        return [];
      }
      this.#held.set(record.id, until);
      const age = Math.max(0, (record.claimedAt ?? 0) - record.enqueuedAt);
      const claim: Claim = { record: { ...record, nextAttemptAt: place, claimedAt: undefined }, fence, age };
      return [{ claim, isFresh: row["is_fresh"] === true }];
    }).sort((a, b) => inLine(a.claim, b.claim));
    const lane = (fresh: boolean) => claims.filter(({ isFresh }) => isFresh === fresh);
    return inTurns(lane(first), lane(!first)).map(({ claim }) => claim);
  }

  async settle({ record: { id, nextAttemptAt }, fence }: Claim, settlement: Settlement): Promise<boolean> {
    const settled = await this.#settles.add({ id, fence, place: nextAttemptAt, settlement });
    this.#held.delete(id);
    this.#tally.settled(settlement, settled, this.#options.clock.now());
    return settled !== null;
  }

  async tidy(): ReturnType<OutboxStore["tidy"]> {
    const { clock } = this.#options;
    const [, due = []] = await this.#connection.ask([this.#sql.recall, this.#sql.nextDue]);
    const next = due[0]?.["due_in"];
    const nextDueIn = typeof next === "number" ? next : undefined;
    const begun = clock.monotonic();
    if (begun < this.#careAt) return { buried: [], nextDueIn };
    const { newer, bury, aged, forgetDead, forgetKeys, summary } = this.#sql;
    const value = { aged_to: this.#agedTo(), skip: this.#skipped() };
    const [strange = [], old = []] = await this.#connection.ask([newer, aged, forgetDead, forgetKeys], value);
    for (const row of strange) this.#read(row);
    const ids = old.map((row) => this.#read(row)).flatMap((stored) => isLeftAlone(stored) ? [] : [stored.id]);
    const buried = ids.length === 0 ? [] : await this.#rows(bury, ids);
    this.#count((await this.#rows(summary, null))[0]);
    this.#careAt = begun + (clock.monotonic() - begun) * CARE;
    const records = buried.map((row) => this.#read(row));
    return { buried: records.filter((stored): stored is OutboxRecord => !isLeftAlone(stored)), nextDueIn };
  }

  async get(id: string): ReturnType<OutboxStore["get"]> {
    const [row] = await this.#rows(this.#sql.get, [id]);
    return row && this.#read(row);
  }

  async list(state: State, after = "", limit = 100): ReturnType<OutboxStore["list"]> {
    const rows = await this.#rows(this.#sql.list, { dead: state === "dead", after, n: limit });
    return rows.map((row) => this.#read(row));
  }

  async replay(id: string): Promise<boolean> {
    const before = await this.get(id);
    if (before === undefined || isLeftAlone(before) || before.dead === undefined) return false;
    let isDoubtful = false;
    const rows = await this.#rows(this.#sql.replay, [id], () => isDoubtful = true);
    if (rows.length === 0 && !isDoubtful) return false;
    this.#tally.moved("dead", "pending", this.#options.clock.now(), before.dead);
    return true;
  }

  async drop(id: string): Promise<boolean> {
    const before = await this.get(id);
    if (before === undefined || isLeftAlone(before) || this.#skipped().includes(id)) return false;
    let isDoubtful = false;
    const rows = await this.#rows(this.#sql.drop, [id], () => isDoubtful = true);
    if (rows.length === 0 && !(isDoubtful && await this.get(id) === undefined)) return false;
    this.#tally.moved(before.dead ? "dead" : "pending", undefined, this.#options.clock.now(), before.dead);
    return true;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Blindly at first, as most are new; what is known is read, and changed if nobody else has changed it meanwhile. */
  async #acceptAll(drafts: readonly Accepting[]): Promise<readonly Accepted[]> {
    const { clock, window } = this.#options;
    const now = clock.now();
    const events = new Map<string, NewEvent["event"]>();
    const prepared = drafts.map(({ key, recipient, messageId, event, take }): PreparedDraft => {
      const id = eventId(now, ++this.#ids, crypto.randomUUID());
      if (take) events.set(id, event);
      return { key, copy: { recipient, messageId }, event: { id, event: JSON.stringify(event), take } };
    });
    const results = new Map<PreparedDraft, Accepted>();
    let isDoubtful = false;
    try {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const left = prepared.filter((draft) => !results.has(draft));
        if (left.length === 0) return prepared.flatMap((draft) => results.get(draft) ?? []);
        const isBlind = tries === 0 && Math.min(this.#room, this.#keyRoom) >= left.length;
        const keys = [...new Set(left.map(({ key }) => key))];
        const known = isBlind ? [] : await this.#rows(this.#sql.remembered, keys);
        const space = { room: this.#room, keyRoom: this.#keyRoom };
        const plans = planned(left, known, { ...space, isDoubtful, agedTo: this.#agedTo(), window });
        const inserted = plans.flatMap(({ inserted }) => inserted ?? []);
        const changed = plans.flatMap(({ changed }) => changed ?? []);
        const { insert, change } = this.#sql;
        const statements = [...inserted.length > 0 ? [insert] : [], ...changed.length > 0 ? [change] : []];
        const written = statements.length === 0
          ? []
          : (await this.#connection.ask(statements, { inserted, changed }, () => isDoubtful = true)).flat();
        const done = new Map(written.map(({ id, key, at }) => [id ?? key, Number(at)]));
        for (const { inserted, changed, outcomes } of plans) {
          const mark = inserted?.id ?? changed?.key;
          const at = mark === undefined ? undefined : done.get(mark);
          if (mark !== undefined && at === undefined) continue;
          if (inserted !== undefined) this.#keys++;
          for (const [draft, accepted] of outcomes) {
            const { id } = draft.event;
            const event = id === inserted?.id || changed?.events.includes(draft.event)
              ? events.get(id)
              : undefined;
            const isTaken = event !== undefined && at !== undefined;
            if (isTaken) this.#held.set(id, clock.monotonic() + LEASE);
            results.set(draft, isTaken ? claimOfNew(id, event, at) : accepted);
            if (accepted === "queued") this.#tally.moved(undefined, "pending", clock.now());
          }
        }
      }
      throw new StoreError("busy");
    } catch (error) {
      // What was written before is accepted, and what was claimed is to be sent.
      if (!(error instanceof StoreError) || results.size === 0) throw error;
      return prepared.map((draft) => results.get(draft) ?? error);
    }
  }

  async #settleAll(settled: readonly Settled[]): Promise<readonly Settling[]> {
    let isDoubtful = false;
    const rows = settled.map(({ settlement, ...settled }) => ({
      ...settled,
      ...settlement,
      delay: settlement.kind === "pending" ? settlement.delayMs : undefined,
    }));
    const written = await this.#rows(this.#sql.settle, rows, () => isDoubtful = true);
    const done = new Map(written.map(({ id, was }) => [id, DEAD_REASONS.find((reason) => reason === was)]));
    const isUnclear = ({ id, settlement: { kind } }: Settled) =>
      !done.has(id) && (kind === "dead" || (isDoubtful && kind === "delivered"));
    const unclear = settled.filter(isUnclear).map(({ id }) => id);
    const there = unclear.length === 0 ? [] : await this.#rows(this.#sql.there, unclear);
    return settled.map((one): Settling => {
      if (done.has(one.id)) return done.get(one.id) ?? "done";
      if (!isUnclear(one)) return null;
      const row = there.find(({ id }) => id === one.id);
      // It may have been carried out before its answer was lost: a delivered event is not there any more then.
      if (one.settlement.kind === "delivered") return row === undefined ? "done" : null;
      return row?.["claim"] !== one.fence || row["is_dead"] !== true ? null : isDoubtful ? "done" : "again";
    });
  }

  /** A record that cannot be sent goes back to its place; if that fails, its lease ends by itself. */
  async #giveBack(settled: Settled): Promise<void> {
    await this.#settles.add(settled).catch(() => null);
  }

  #count(row: Row | undefined): void {
    const dead: readonly Row[] = Array.isArray(row?.["dead"]) ? row["dead"] : [];
    this.#keys = Number(row?.["keys"]);
    // The database's times, as this machine's clock has them.
    this.#tally.set(summaryOf(row ?? {}, dead, this.#options.clock.now() - Number(row?.["now"])));
  }

  /** Events that may still be accepted. Others' are counted once in a while. */
  get #room(): number {
    const { pending, dead } = this.known;
    return this.#options.maxPending - pending - dead;
  }

  get #keyRoom(): number {
    return mostKeys(this.#options) - this.#keys;
  }

  #agedTo(): number {
    return this.#age.at(Infinity, this.#options.clock.monotonic());
  }

  #skipped(): readonly string[] {
    const now = this.#options.clock.monotonic();
    for (const [id, until] of this.#held) if (until <= now) this.#held.delete(id);
    return [...this.#leftAlone, ...this.#held.keys()];
  }

  #read(row: Row): Stored {
    const record = recordOf(row);
    if (isLeftAlone(record) && !this.#leftAlone.has(record.id) && this.#leftAlone.size < MOST_LEFT_ALONE) {
      this.#leftAlone.add(record.id);
      this.#options.onLeftAlone(record);
    }
    return record;
  }

  async #rows(sql: string, value: unknown, onDoubt?: () => void): Promise<readonly Row[]> {
    return (await this.#connection.ask([sql], value, onDoubt))[0] ?? [];
  }
}

function inLine({ record: a }: Claim, { record: b }: Claim): number {
  return a.nextAttemptAt - b.nextAttemptAt || (a.id < b.id ? -1 : 1);
}
