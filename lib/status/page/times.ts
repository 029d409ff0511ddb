/** Times as an operator reads them: how long ago, and when in UTC. */
import { type Html, markup } from "./html.ts";

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;

/** A duration in its largest unit, with the next one while the number is small: `12 s`, `2 h 5 min`, `31 d`. */
export function span(ms: number): string {
  const index = UNITS.findIndex(([, size]) => ms >= size);
  if (index < 0) return "0 s";
  const [unit, size] = UNITS[index]!;
  const count = Math.floor(ms / size);
  const next = UNITS[index + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1]);
  // "3 min 12 s" would claim a precision that nobody needs.
  return rest === 0 || count >= 10 || unit === "min"
    ? `${count} ${unit}`
    : `${count} ${unit} ${rest} ${next![0]}`;
}

/** How long ago a time was. The machine's clock may have been set back: never negative. */
export function ago(at: number, now: number): string {
  const ms = now - at;
  return ms < 1_000 ? "just now" : `${span(ms)} ago`;
}

/** A time in UTC: the time of today, with seconds if wanted; with the date on another day. */
export function clockTime(at: number, now: number, precision: "minutes" | "seconds"): string {
  const iso = new Date(at).toISOString();
  const [date, time] = [iso.slice(0, 10), iso.slice(11, precision === "minutes" ? 16 : 19)];
  return date === new Date(now).toISOString().slice(0, 10) ? time : `${date} ${time}`;
}

/** `<time>` that shows how long ago, and on pointing when. */
export function agoElement(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return markup`<time datetime="${iso}" title="${iso}">${ago(at, now)}</time>`;
}

/** `<time>` that shows when, in UTC, and how long ago. */
export function clockElement(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return markup`<time datetime="${iso}" title="${iso}">${clockTime(at, now, "seconds")} <small>${
    ago(at, now)
  }</small></time>`;
}
