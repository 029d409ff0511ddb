/** The way to a PostgreSQL server: a few connections, time-outs, and asking again where that helps. Effects: sockets. */
import type { PostgresLocation } from "../../config/postgres_location.ts";
import type { Clock } from "../../base/clock.ts";
import type { Row } from "../record.ts";
import { postgresFault } from "./fault.ts";
import { message } from "./statements.ts";
import { StoreError } from "../store_fault.ts";

/** Milliseconds for which a question is asked again while that may help; Coder waits for the answer. */
const PATIENCE = 5_000;

/** Milliseconds between two tries, at first; doubled each time. */
const FIRST_PAUSE = 25;

/** Milliseconds until a connection is made, and until a statement is answered. */
const CONNECT = 3_000;
const ANSWER = 5_000;

/** Milliseconds for the end. */
const END = 2_000;

/** A server, and the account there. */
export type PostgresTarget = Omit<PostgresLocation, "kind">;

/** What `pg` answers to one statement. */
interface Answer {
  readonly rows: readonly Row[];
}

/** The part of `pg`'s pool that is used. */
interface Pool {
  /** A list where the text holds several statements. */
  query(text: string): Promise<Answer | readonly Answer[]>;
  end(): Promise<void>;
  on(event: "error", listener: () => void): unknown;
}

/** Asks; every method throws `StoreError` only. */
export class PostgresConnection {
  readonly #pool: Pool;
  readonly #clock: Clock;
  #isAway = false;
  #isClosed = false;

  private constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Connects to nothing yet. */
  static async to(target: PostgresTarget, clock: Clock): Promise<PostgresConnection> {
    const { default: pg } = await import("pg");
    const { host, port, user, password, database, tls, rootCert } = target;
    const pool: Pool = new pg.Pool({
      ...{ host, port, user, database, ssl: tls && { rejectUnauthorized: true, ca: rootCert } },
      password: () => password ?? "", // as a function, it is in no text that an error could show
      ...{ max: 4, connectionTimeoutMillis: CONNECT, query_timeout: ANSWER, keepAlive: true },
      // Said here, or pg looks for variables of the environment.
      ...{ application_name: "coder-platformx", client_encoding: "UTF8", sslnegotiation: "postgres" },
    });
    // The server ended a connection that nobody used: the next question gets a new one.
    pool.on("error", () => {});
    return new PostgresConnection(pool, clock);
  }

  /**
   * Carries out statements in one transaction; returns the rows of each.
   *
   * @param ask gets whether it was asked before and may have been carried out
   */
  async ask(
    statements: readonly string[],
    value: unknown = null,
    onDoubt: () => void = () => {},
  ): Promise<readonly (readonly Row[])[]> {
    const end = this.#clock.monotonic() + PATIENCE;
    for (let pause = FIRST_PAUSE;; pause *= 2) {
      if (this.#isClosed) throw new StoreError("closed");
      try {
        const answers = await this.#pool.query(message(statements, value));
        this.#isAway = false;
        return (Array.isArray(answers) ? answers : [answers]).slice(-statements.length).map(({ rows }) =>
          rows
        );
      } catch (thrown) {
        const { error, isPassing, isDoubtful } = postgresFault(thrown);
        if (isDoubtful) onDoubt();
        // While it is away nobody waits for it again.
        const isLast = !isPassing || this.#isAway || this.#clock.monotonic() + pause > end;
        this.#isAway = error.fault === "unreachable" && (isLast || this.#isAway);
        if (isLast) throw this.#isClosed ? new StoreError("closed") : error;
        await this.#clock.sleep(pause, new AbortController().signal);
      }
    }
  }

  /** Ends all connections, within two seconds. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const ended = new AbortController();
    const end = this.#pool.end().catch(() => {}).then(() => ended.abort());
    await Promise.race([end, this.#clock.sleep(END, ended.signal)]);
    ended.abort();
  }
}
