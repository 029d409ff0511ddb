/** `OUTBOX`: where events wait. */
import type { Parsed } from "./parsers.ts";
import { type PostgresLocation, postgresLocation, type PostgresOptions } from "./postgres_location.ts";

/** Where the outbox lives. */
export type OutboxLocation = SqliteLocation | PostgresLocation;

/** A file of this machine. */
export interface SqliteLocation {
  readonly kind: "sqlite";
  readonly path: string;
}

/** What the parser goes by besides the text. */
export interface LocationOptions extends PostgresOptions {
  /** The process runs on Deno Deploy, where files do not last. */
  readonly onDeploy: boolean;
}

const NO_PATH =
  "must be a path that has a / or ends in .db, .sqlite or .sqlite3, or a postgres:// address; " +
  "to deliver without an outbox, leave OUTBOX out instead of writing false, off, no, none or 0";

const NO_KV = "must be a path, as /data/outbox.db, or a postgres:// address: they took the place of Deno KV";

/** Parses the text of `OUTBOX`. */
export function outboxLocation(text: string, options: LocationOptions): Parsed<OutboxLocation> {
  if (/^postgres(?:ql)?:/i.test(text)) return postgresLocation(text, options);
  if (text === ":memory:") {
    return { rule: "must be a file or a server: what is in memory is lost with the process" };
  }
  if (/^(?:kv$|https?:)/i.test(text)) return { rule: NO_KV };
  if (/^file:/i.test(text)) return { rule: "must be the path itself, without file:" };
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) {
    return { rule: "must be a path or a postgres:// address, and no other" };
  }
  if (!/[/\\]|\.(?:db|sqlite3?)$/i.test(text)) return { rule: NO_PATH };
  if (/\p{Cc}/u.test(text)) return { rule: "must be a path without line breaks and control characters" };
  if (/[/\\]$/.test(text)) return { rule: "must name a file, not a folder: put outbox.db behind it" };
  if (/^~|^%\w+%|\$\w|\$\{/.test(text)) {
    return { rule: "must be the whole path: ~ and variables are not expanded" };
  }
  return options.onDeploy
    ? { rule: "must be a postgres:// address on Deno Deploy: files do not last there" }
    : { value: { kind: "sqlite", path: text } };
}

/** Whether the text of `OUTBOX` says that the address is in `DATABASE_URL`. */
export function isDatabaseUrl(text: string): boolean {
  return /^postgres(?:ql)?$/i.test(text);
}
