/** What one look at the set-up brought. */
export interface Finding {
  /** What was looked at: a variable, a notification, a step on the way to PlatformX. */
  readonly name: string;
  /**
   * `note`: worth knowing, and nothing that a change of the set-up could clear; `skipped`: could not be looked at, or
   * there is nothing to look at. Only `failed` fails the command.
   */
  readonly state: "ok" | "note" | "warning" | "failed" | "skipped";
  /** What was found; one line without secrets and addresses of people. */
  readonly detail: string;
  /** What to do about it; one sentence. */
  readonly todo?: string;
}

/** The groups of findings, in the order in which they are made. */
export const CHECKS = [
  "settings",
  "events",
  "platformx",
  "clock",
  "store",
  "port",
  "coder",
  "public_url",
  "test_event",
] as const;

/** One of {@link CHECKS}. */
export type CheckName = typeof CHECKS[number];

/** A finding, with the group it belongs to. */
export interface GroupedFinding extends Finding {
  readonly check: CheckName;
}
