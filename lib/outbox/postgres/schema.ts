/** The tables in PostgreSQL, in a schema of their own: plain columns, to be looked at with `psql`. Times are Unix milliseconds. */

/** In the table `schema_version`. A newer one is refused. */
export const POSTGRES_SCHEMA_VERSION = 1;

/** Dead rows, not depth, make claims slow: they are cleared away early, and rows have room to change in place. */
const STORAGE =
  "WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.05)";

/**
 * The statements that make the tables where they are missing; all are additive, and safe to repeat.
 *
 * @param schema a name of letters, digits and _ @param user who is to use them, if another one makes them
 */
export function postgresSchema(schema: string, user?: string): string {
  const statements = [
    `DO $$ BEGIN IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA "${schema}"; END IF; END $$`,
    `CREATE TABLE IF NOT EXISTS "${schema}".event (
  id text PRIMARY KEY,
  version integer NOT NULL,
  event json NOT NULL,
  enqueued_at bigint NOT NULL,
  next_attempt_at bigint NOT NULL,
  claim integer NOT NULL DEFAULT 0,
  claimed_at bigint,
  attempts integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  ambiguous integer NOT NULL DEFAULT 0,
  detail text,
  last_attempt_at bigint,
  dead_at bigint,
  dead_reason text
) ${STORAGE}`,
    `CREATE INDEX IF NOT EXISTS event_due ON "${schema}".event (next_attempt_at, id) WHERE dead_at IS NULL`,
    `CREATE INDEX IF NOT EXISTS event_newer ON "${schema}".event (version) WHERE version > 1`,
    `CREATE TABLE IF NOT EXISTS "${schema}".dedup (
  key text PRIMARY KEY,
  occurrences text NOT NULL,
  expires_at bigint NOT NULL
) ${STORAGE}`,
    `CREATE INDEX IF NOT EXISTS dedup_expiry ON "${schema}".dedup (expires_at)`,
    `CREATE TABLE IF NOT EXISTS "${schema}".schema_version (version integer NOT NULL)`,
    `INSERT INTO "${schema}".schema_version SELECT ${POSTGRES_SCHEMA_VERSION} ` +
    `WHERE NOT EXISTS (SELECT FROM "${schema}".schema_version)`,
  ];
  const role = `"${user?.replaceAll('"', '""')}"`;
  const rights = user === undefined ? [] : [
    `GRANT USAGE ON SCHEMA "${schema}" TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`,
  ];
  return [...statements, ...rights].map((statement) => `${statement};\n`).join("");
}
