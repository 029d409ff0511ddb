/** Keys of the store. Numbers are Unix milliseconds, so that listing is in order of time. */
export const OUTBOX_KEYS = {
  /** An event: `OutboxRecord`. */
  event: (id: string) => ["event", id],
  /** Events that wait to be tried, by due time. */
  due: (due: number, id: string) => ["due", due, id],
  /** Events neither delivered nor dead, by age. */
  pending: (since: number, id: string) => ["pending", since, id],
  /** Dead letters, by the time of their death. */
  dead: (at: number, id: string) => ["dead", at, id],
  /** Remembered occurrences of a happening: `HappeningRecord`. */
  happening: (key: string) => ["happening", key],
  /** One recipient's messages of a happening: `CopiesRecord`. One key each, as a value has at most 64 KiB. */
  copies: (key: string, recipient: string) => ["copies", key, recipient],
  /** Counters, kept in the commits that change what they count. */
  pendingCount: ["count", "pending"],
  deadCount: ["count", "dead"],
} as const;
