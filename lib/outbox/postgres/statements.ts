/** What is said to PostgreSQL. The database's clock counts; tests bring their own. */
import { LONGEST_RETRY_AFTER } from "../../platformx/backoff.ts";
import { NOW as TIME_OF_TEXT } from "../occurrence_text.ts";
import { COLUMNS, RECORD_VERSION } from "../record.ts";
import { DEAD_KEPT, LEASE } from "../store.ts";

/** Work of one kind that is done at once. */
export const BATCH = { buried: 64, deadForgotten: 64, keysForgotten: 1_000 } as const;

/** Unix milliseconds at which the transaction began. */
export const NOW = "floor(extract(epoch from now()) * 1000)::bigint";

/**
 * Time-outs in milliseconds, after which the server gives up by itself, before this side does. Compiling such statements
 * takes seconds where statistics lag behind (seen with 15.18).
 */
const SETTINGS = "SET LOCAL statement_timeout = 4000; SET LOCAL lock_timeout = 3000; SET LOCAL jit = off; ";

/** The line is read in the order of its index, also while statistics say that it is empty. */
const IN_ORDER =
  "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; ";

/** Numbers of the rows come as such, and the event as it was stored. */
const ROW = COLUMNS.map((name) =>
  name.endsWith("_at") ? `e.${name}::float8` : name === "event" ? "e.event::text" : `e.${name}`
).join(", ");

/** Builds the statements for the tables of a schema. Each takes at most one value, as JSON. */
export function postgresStatements({ schema, now, window, maxAge }: {
  readonly schema: string;
  /** An expression for the time. */
  readonly now: string;
  readonly window: number;
  readonly maxAge: number;
}) {
  const [event, dedup] = [`"${schema}".event`, `"${schema}".dedup`];
  const given = "SELECT * FROM json_to_record($1) AS g(";
  // Not joined: the rows then come in the order of the index, as many as are wanted and no more.
  const aged = `least(${now}, (SELECT aged_to FROM g))`;
  const skipped = "(SELECT json_array_elements_text((SELECT skip FROM g)))";
  const inLine = `SELECT e.id, e.next_attempt_at AS place FROM ${event} e WHERE e.dead_at IS NULL ` +
    `AND e.next_attempt_at <= ${now} AND e.enqueued_at > ${aged} - ${maxAge} AND e.version <= ${RECORD_VERSION} ` +
    `AND e.id NOT IN ${skipped}`;
  const accepted =
    `INSERT INTO ${event} (id, version, event, enqueued_at, next_attempt_at, claim, claimed_at) ` +
    `SELECT id, ${RECORD_VERSION}, event::json, ${now}, ${now} + CASE WHEN take THEN ${LEASE} ELSE 0 END, take::int, ` +
    `CASE WHEN take THEN ${now} END`;
  return {
    open:
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, ` +
      `current_setting('server_encoding') AS encoding, (${now})::float8 AS now, ` +
      "current_setting('transaction_read_only') = 'off' AS takes_changes, " +
      `to_regclass('"${schema}".schema_version') IS NOT NULL AS is_made, ` +
      `coalesce(has_schema_privilege(to_regnamespace('${schema}')::oid, 'CREATE'), ` +
      "has_database_privilege(current_database(), 'CREATE')) AS may_make",
    made: "SELECT max(version) AS version, (SELECT bool_and(has_table_privilege(t, r)) " +
      `FROM unnest(ARRAY['${event}', '${dedup}']) AS t, ` +
      "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r) AS may_use " +
      `FROM "${schema}".schema_version`,
    remembered: `SELECT k.key, k.occurrences, (${now})::float8 AS now FROM ${dedup} k ` +
      "WHERE k.key IN (SELECT json_array_elements_text($1))",
    // Blindly: the ids that come back were written. In the order of the keys, so that two instances do not wait for
    // each other.
    insert:
      "WITH d AS MATERIALIZED (SELECT * FROM json_to_recordset($1->'inserted') AS d(key text, after text, id text, " +
      `event text, take boolean)), i AS (INSERT INTO ${dedup} (key, occurrences, expires_at) ` +
      `SELECT key, replace(after, '${TIME_OF_TEXT}', (${now})::text), ${now} + ${window} FROM d ORDER BY key ` +
      `ON CONFLICT (key) DO NOTHING RETURNING key) ${accepted} FROM d JOIN i USING (key) ` +
      "RETURNING id, enqueued_at::float8 AS at",
    // If it is as it was read: the keys that come back were written, and their events with them.
    change:
      "WITH d AS MATERIALIZED (SELECT * FROM json_to_recordset($1->'changed') AS d(key text, before text, " +
      `after text, events json)), u AS (UPDATE ${dedup} k SET occurrences = d.after, expires_at = ` +
      `CASE json_array_length(d.events) WHEN 0 THEN k.expires_at ELSE ${now} + ${window} END ` +
      "FROM d WHERE k.key = d.key AND k.occurrences = d.before RETURNING k.key), " +
      `e AS (${accepted} FROM d JOIN u USING (key), ` +
      `json_to_recordset(d.events) AS n(id text, event text, take boolean)) SELECT key, (${now})::float8 AS at FROM u`,
    claim: `${IN_ORDER}WITH g AS (${given}fresh int, total int, since bigint, aged_to bigint, skip json)), ` +
      `f AS MATERIALIZED (${inLine} AND e.next_attempt_at >= ${now} - (SELECT since FROM g) AND e.last_attempt_at IS NULL ` +
      "ORDER BY e.next_attempt_at, e.id LIMIT (SELECT fresh FROM g) FOR UPDATE OF e SKIP LOCKED), " +
      `o AS MATERIALIZED (${inLine} AND e.id NOT IN (SELECT id FROM f) ORDER BY e.next_attempt_at, e.id ` +
      "LIMIT (SELECT total FROM g) - (SELECT count(*) FROM f) FOR UPDATE OF e SKIP LOCKED), " +
      "c AS (SELECT *, true AS is_fresh FROM f UNION ALL SELECT *, false FROM o) " +
      `UPDATE ${event} e SET claim = e.claim + 1, claimed_at = ${now}, next_attempt_at = ${now} + ${LEASE} ` +
      `FROM c WHERE e.id = c.id RETURNING ${ROW}, c.place::float8, c.is_fresh`,
    settle:
      "WITH s AS (SELECT * FROM json_to_recordset($1) AS s(id text, fence int, kind text, place float8, " +
      "delay float8, reason text, attempts int, failures int, ambiguous int, detail text)), " +
      `g AS (DELETE FROM ${event} e USING s WHERE s.kind = 'delivered' AND e.id = s.id AND e.claim = s.fence ` +
      "RETURNING e.id, e.dead_reason AS was), " +
      `r AS (UPDATE ${event} e SET claimed_at = NULL, next_attempt_at = s.place FROM s WHERE s.kind = 'released' ` +
      "AND e.id = s.id AND e.claim = s.fence AND e.claimed_at IS NOT NULL AND e.dead_at IS NULL RETURNING e.id), " +
      `t AS (UPDATE ${event} e SET claimed_at = NULL, attempts = s.attempts, failures = s.failures, ambiguous = s.ambiguous, ` +
      `detail = s.detail, last_attempt_at = ${now}, dead_reason = s.reason, ` +
      `dead_at = CASE s.kind WHEN 'dead' THEN ${now} END, ` +
      `next_attempt_at = CASE s.kind WHEN 'dead' THEN e.next_attempt_at ` +
      `ELSE greatest(${now}, least(${now} + s.delay, e.enqueued_at + ${maxAge})) END ` +
      "FROM s WHERE e.id = s.id AND e.claim = s.fence AND s.kind IN ('dead', 'pending') AND e.dead_at IS NULL " +
      "RETURNING e.id) SELECT id, was FROM g UNION ALL SELECT id, NULL FROM r UNION ALL SELECT id, NULL FROM t",
    there:
      `SELECT id, claim, dead_at IS NOT NULL AS is_dead FROM ${event} WHERE id IN (SELECT json_array_elements_text($1))`,
    // Nothing waits that long: the clock was set back since.
    recall: `UPDATE ${event} e SET next_attempt_at = least(e.enqueued_at, ${now}) ` +
      `WHERE e.dead_at IS NULL AND e.next_attempt_at > ${now} + ${LONGEST_RETRY_AFTER}`,
    nextDue: `SELECT (min(e.next_attempt_at) - ${now})::float8 AS due_in FROM ${event} e ` +
      `WHERE e.dead_at IS NULL AND e.next_attempt_at > ${now}`,
    newer: `SELECT ${ROW} FROM ${event} e WHERE e.version > ${RECORD_VERSION} LIMIT 10`,
    aged: `WITH g AS (${given}aged_to bigint, skip json)) SELECT ${ROW} FROM ${event} e ` +
      `WHERE e.dead_at IS NULL AND e.version <= ${RECORD_VERSION} AND e.next_attempt_at <= ${now} AND e.enqueued_at <= ${aged} - ${maxAge} ` +
      `AND e.id NOT IN ${skipped} ORDER BY e.enqueued_at LIMIT ${BATCH.buried}`,
    bury: `UPDATE ${event} e SET claimed_at = NULL, dead_at = ${now}, dead_reason = 'expired' ` +
      `WHERE e.id IN (SELECT json_array_elements_text($1)) AND e.dead_at IS NULL AND e.next_attempt_at <= ${now} ` +
      `RETURNING ${ROW}`,
    forgetDead:
      `WITH g AS (${given}aged_to bigint)) DELETE FROM ${event} WHERE id IN (SELECT e.id FROM ${event} e ` +
      `WHERE e.dead_at <= ${aged} - ${DEAD_KEPT} AND e.version <= ${RECORD_VERSION} ` +
      `LIMIT ${BATCH.deadForgotten} FOR UPDATE OF e SKIP LOCKED)`,
    forgetKeys:
      `WITH g AS (${given}aged_to bigint)) DELETE FROM ${dedup} WHERE key IN (SELECT k.key FROM ${dedup} k ` +
      `WHERE k.expires_at <= ${aged} ORDER BY k.expires_at ` +
      `LIMIT ${BATCH.keysForgotten} FOR UPDATE OF k SKIP LOCKED)`,
    summary: `SELECT (${now})::float8 AS now, ` +
      `(SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = '${dedup}'::regclass)::float8 AS keys, ` +
      "count(*) FILTER (WHERE dead_at IS NULL)::int AS count, " +
      "min(enqueued_at) FILTER (WHERE dead_at IS NULL)::float8 AS oldest, " +
      "(SELECT json_agg(r) FROM (SELECT d.dead_reason, count(*) AS count, max(d.dead_at) AS newest, " +
      `(SELECT n.detail FROM ${event} n WHERE n.dead_reason = d.dead_reason ORDER BY n.dead_at DESC LIMIT 1) AS detail ` +
      `FROM ${event} d WHERE d.dead_at IS NOT NULL GROUP BY d.dead_reason) r) AS dead FROM ${event}`,
    get: `SELECT ${ROW} FROM ${event} e WHERE e.id = $1->>0`,
    list: `WITH g AS (${given}dead boolean, after text, n int)) SELECT ${ROW} FROM ${event} e ` +
      "WHERE (e.dead_at IS NOT NULL) = (SELECT dead FROM g) AND e.id > (SELECT after FROM g) ORDER BY e.id LIMIT (SELECT n FROM g)",
    replay:
      `WITH o AS (SELECT id, dead_reason FROM ${event} WHERE id = $1->>0 AND dead_at IS NOT NULL FOR UPDATE) ` +
      `UPDATE ${event} e SET dead_at = NULL, dead_reason = NULL, enqueued_at = ${now}, next_attempt_at = ${now}, ` +
      "claim = e.claim + 1, claimed_at = NULL, attempts = 0, failures = 0, ambiguous = 0 FROM o WHERE e.id = o.id " +
      "RETURNING o.dead_reason AS reason",
    drop:
      `DELETE FROM ${event} e WHERE e.id = $1->>0 AND (e.claimed_at IS NULL OR e.next_attempt_at <= ${now}) ` +
      "RETURNING coalesce(e.dead_reason, 'pending') AS reason",
  };
}

/** What {@link postgresStatements} makes. */
export type Statements = ReturnType<typeof postgresStatements>;

/**
 * One message of the simple protocol: what is in it is one transaction, ended by the server itself. So time-outs hold for
 * it alone, and it works behind PgBouncer in transaction mode.
 *
 * @param value put in place of `$1`, as JSON
 */
export function message(statements: readonly string[], value: unknown): string {
  // Characters that PostgreSQL has not; a stored event is JSON already, where they are escaped.
  const fit = (_: string, part: unknown) =>
    typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part;
  const json = `${literal(JSON.stringify(value, fit))}::json`;
  return SETTINGS + statements.map((statement) => statement.split("$1").join(json)).join("; ");
}

/** A text as SQL reads it. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
