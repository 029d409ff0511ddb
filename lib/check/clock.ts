/** This machine's clock against PlatformX's. */
import type { Finding } from "./finding.ts";

/** Milliseconds that the clocks may differ. */
const MAY_DIFFER = 60_000;

/** When an answer came, and what time it was said to be. Unix milliseconds. */
export interface DatedAnswer {
  /** The `Date` header, which names a whole second; null: there is none. */
  readonly date: string | null;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Compares the clocks; the time that the answer took is given to the clock's benefit. */
export function clockFinding({ date, askedAt, answeredAt }: DatedAnswer): Finding {
  const name = "clock";
  const theirs = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(theirs)) {
    return { name, state: "skipped", detail: "the answer tells no time to compare with" };
  }
  const ahead = askedAt - (theirs + 999);
  const behind = theirs - answeredAt;
  const off = Math.max(ahead, behind, 0);
  const seconds = Math.round(off / 1000);
  // Servers make the header once a second at most: one second says nothing.
  const detail = seconds <= 1
    ? "agrees with PlatformX's"
    : `${seconds} s ${ahead > behind ? "ahead of" : "behind"} PlatformX's`;
  return off <= MAY_DIFFER
    ? { name, state: "ok", detail }
    : { name, state: "failed", detail, todo: "Set this machine's clock (NTP): events carry its time" };
}
