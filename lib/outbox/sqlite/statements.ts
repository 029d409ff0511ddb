/** What is said to SQLite. Every time is a parameter: tests bring their own clock. */
import { COLUMNS, RECORD_VERSION } from "../record.ts";

/** Work of one kind that is done at once: other operations wait meanwhile. */
export const BATCH = { buried: 64, deadForgotten: 64, keysForgotten: 1_000, pagesFreed: 64 } as const;

const ROW = COLUMNS.join(", ");
const IS_STATE = { pending: "dead_at IS NULL", dead: "dead_at IS NOT NULL" } as const;
const OURS = `FROM event WHERE dead_at IS NULL AND version <= ${RECORD_VERSION}`;
const IN_LINE = `SELECT ${ROW} ${OURS} AND next_attempt_at <= $now AND enqueued_at > $oldest`;

/** By what they are for. */
export const SQL = {
  dedup: "SELECT occurrences FROM dedup WHERE key = $key",
  newKey: "INSERT INTO dedup (key, occurrences, expires_at) VALUES ($key, $text, $expires)",
  occurrence: "UPDATE dedup SET occurrences = $text, expires_at = $expires WHERE key = $key",
  copy: "UPDATE dedup SET occurrences = $text WHERE key = $key",
  event: "INSERT INTO event (id, version, event, enqueued_at, next_attempt_at, claim, claimed_at) " +
    `VALUES ($id, ${RECORD_VERSION}, $event, $now, $due, $claim, $claimed)`,
  due: `${IN_LINE} ORDER BY next_attempt_at, rowid LIMIT $limit`,
  fresh: `${IN_LINE} AND next_attempt_at >= $since AND last_attempt_at IS NULL ` +
    "ORDER BY next_attempt_at, rowid LIMIT $limit",
  claim: "UPDATE event SET claim = claim + 1, claimed_at = $now, next_attempt_at = $until WHERE id = $id",
  delivered: "DELETE FROM event WHERE id = $id AND claim = $fence AND dead_at IS NULL",
  deliveredLate: "DELETE FROM event WHERE id = $id AND claim = $fence RETURNING dead_reason",
  released: "UPDATE event SET claimed_at = NULL, next_attempt_at = $place " +
    "WHERE id = $id AND claim = $fence AND claimed_at IS NOT NULL AND dead_at IS NULL",
  pending:
    "UPDATE event SET claimed_at = NULL, next_attempt_at = max($now, min($now + $delay, enqueued_at + $maxAge)), " +
    "attempts = $attempts, failures = $failures, ambiguous = $ambiguous, detail = $detail, last_attempt_at = $now " +
    "WHERE id = $id AND claim = $fence AND dead_at IS NULL",
  dead: "UPDATE event SET claimed_at = NULL, dead_at = $now, dead_reason = $reason, " +
    "attempts = $attempts, failures = $failures, ambiguous = $ambiguous, detail = $detail, last_attempt_at = $now " +
    "WHERE id = $id AND claim = $fence",
  isDead: "SELECT 1 FROM event WHERE id = $id AND claim = $fence AND dead_at IS NOT NULL",
  newer: `SELECT ${ROW} FROM event WHERE version > ${RECORD_VERSION} LIMIT 10`,
  aged: `SELECT ${ROW} ${OURS} AND enqueued_at <= $oldest ` +
    "AND (claimed_at IS NULL OR next_attempt_at <= $now) ORDER BY enqueued_at LIMIT $limit",
  bury: "UPDATE event SET claimed_at = NULL, dead_at = $now, dead_reason = 'expired' WHERE id = $id",
  // Nothing waits that long: the clock was set back since.
  recall:
    "UPDATE event SET next_attempt_at = min(enqueued_at, $now) WHERE dead_at IS NULL AND next_attempt_at > $far",
  forgetDead: "DELETE FROM event WHERE rowid IN (SELECT rowid FROM event WHERE dead_at <= $until " +
    `AND version <= ${RECORD_VERSION} ORDER BY dead_at LIMIT ${BATCH.deadForgotten})`,
  forgetKeys: "DELETE FROM dedup WHERE rowid IN " +
    `(SELECT rowid FROM dedup WHERE expires_at <= $until ORDER BY expires_at LIMIT ${BATCH.keysForgotten})`,
  freePages: "PRAGMA freelist_count",
  freeSome: `PRAGMA incremental_vacuum(${BATCH.pagesFreed})`,
  dataVersion: "PRAGMA data_version",
  keys: "SELECT count(*) AS count FROM dedup",
  nextDue: "SELECT min(next_attempt_at) AS at FROM event WHERE dead_at IS NULL AND next_attempt_at > $now",
  pendingSummary: "SELECT count(*) AS count, min(enqueued_at) AS oldest FROM event WHERE dead_at IS NULL",
  deadSummary:
    "SELECT dead_reason, count(*) AS count, max(dead_at) AS newest FROM event WHERE dead_at IS NOT NULL " +
    "GROUP BY dead_reason",
  newestDetail: "SELECT detail FROM event WHERE dead_at = $at AND dead_reason = $reason LIMIT 1",
  get: `SELECT ${ROW} FROM event WHERE id = $id`,
  listPending: `SELECT ${ROW} FROM event WHERE ${IS_STATE.pending} AND id > $after ORDER BY id LIMIT $limit`,
  listDead: `SELECT ${ROW} FROM event WHERE ${IS_STATE.dead} AND id > $after ORDER BY id LIMIT $limit`,
  replay:
    "UPDATE event SET dead_at = NULL, dead_reason = NULL, enqueued_at = $now, next_attempt_at = $now, " +
    "claim = claim + 1, claimed_at = NULL, attempts = 0, failures = 0, ambiguous = 0 WHERE id = $id",
  drop: "DELETE FROM event WHERE id = $id AND (claimed_at IS NULL OR next_attempt_at <= $now)",
} as const;
