/** Opens a PostgreSQL store: looks whether the server will do, and makes the tables where they are missing. */
import { constant } from "../../base/redact.ts";
import type { Row } from "../record.ts";
import type { Access } from "../store.ts";
import { PostgresConnection, type PostgresTarget } from "./connection.ts";
import { storeError } from "./fault.ts";
import { POSTGRES_SCHEMA_VERSION, postgresSchema } from "./schema.ts";
import { NOW, postgresStatements, type Statements } from "./statements.ts";
import { StoreError } from "../store_fault.ts";
import type { StoreOptions } from "../store_options.ts";

/** What the store is opened with. */
export interface PostgresStoreOptions extends StoreOptions {
  readonly target: PostgresTarget;
  readonly access: Access;
  /** An SQL expression for the time in Unix milliseconds: tests bring their own clock. */
  readonly now?: string;
}

/** An open store, as found. */
export interface OpenPostgres {
  readonly connection: PostgresConnection;
  readonly sql: Statements;
  readonly version: string;
  /** The database's clock: Unix milliseconds. */
  readonly now: number;
  readonly summary: Row | undefined;
}

const TOO_OLD = "PostgreSQL 13 or later is needed: upgrade it";
const NOT_UTF8 = "its database is not encoded in UTF8: make one that is, and let OUTBOX name it";
const NOT_MADE = "there are no tables of this service: check OUTBOX, and run the service once";

/** Fails with `StoreError` only. */
export async function openPostgres(options: PostgresStoreOptions): Promise<OpenPostgres> {
  const { access, clock, now = NOW, target: { schema }, window, maxAge } = options;
  const connection = await PostgresConnection.to(options.target, clock);
  const sql = postgresStatements({ schema, now, window, maxAge });
  const look = async (statement: string) => (await connection.ask([statement]))[0]?.[0];
  try {
    const seen = await look(sql.open);
    if (Number(seen?.["number"]) < 130_000) throw new StoreError("unsuited", constant(TOO_OLD));
    if (seen?.["encoding"] !== "UTF8") throw new StoreError("unsuited", constant(NOT_UTF8));
    // The service waits for a standby to become the primary, once its tables are there.
    if (access === "change" && seen["takes_changes"] !== true) throw storeError("read_only");
    if (seen["is_made"] !== true) {
      // On a standby, making them says so.
      if (seen["takes_changes"] === true && seen["may_make"] !== true) throw storeError("forbidden");
      if (access !== "serve") throw new StoreError("missing", constant(NOT_MADE));
      // Two instances that start at the same time make them one after the other.
      const lock = `SELECT pg_advisory_xact_lock(hashtextextended('coder-platformx ${schema}', 0))`;
      await connection.ask([lock, postgresSchema(schema).replace(/;\n$/, "")]);
    }
    const made = await look(sql.made);
    if (Number(made?.["version"]) > POSTGRES_SCHEMA_VERSION) throw new StoreError("newer");
    if (access !== "look" && made?.["may_use"] !== true) throw storeError("forbidden");
    const version = String(seen["version"]).replace(/ .*/, "");
    return { connection, sql, version, now: Number(seen["now"]), summary: await look(sql.summary) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
