/** The tables in SQLite: plain columns, to be looked at with `sqlite3`. Times are Unix milliseconds. */

/** SQLite's `user_version`. A newer one is refused. */
export const SQLITE_SCHEMA_VERSION = 1;

/**
 * Made in one transaction. `event` has a row for each event that is neither delivered nor dropped; `dedup` one for each
 * notification that is remembered, see `occurrence_text.ts`. The checks refuse a row without an id at its door.
 */
export const SQLITE_SCHEMA = [
  `CREATE TABLE event (
    id TEXT PRIMARY KEY NOT NULL CHECK (typeof(id) = 'text'),
    version INTEGER NOT NULL,
    event TEXT NOT NULL,
    enqueued_at INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    claim INTEGER NOT NULL DEFAULT 0,
    claimed_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0,
    detail TEXT,
    last_attempt_at INTEGER,
    dead_at INTEGER,
    dead_reason TEXT
  )`,
  "CREATE INDEX event_due ON event (next_attempt_at) WHERE dead_at IS NULL",
  "CREATE INDEX event_age ON event (enqueued_at) WHERE dead_at IS NULL",
  "CREATE INDEX event_dead ON event (dead_at, dead_reason) WHERE dead_at IS NOT NULL",
  // Empty, as a rule: finds at once what a newer version has written.
  "CREATE INDEX event_newer ON event (version) WHERE version > 1",
  `CREATE TABLE dedup (
    key TEXT PRIMARY KEY NOT NULL CHECK (typeof(key) = 'text'),
    occurrences TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  )`,
  "CREATE INDEX dedup_expiry ON dedup (expires_at)",
] as const;
