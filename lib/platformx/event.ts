/** An attributed notification → the body of PlatformX's `events.track`. */
import type { Attributed } from "../coder/attribution.ts";
import { fitMetadata, type FittedMetadata } from "./budget.ts";
import { type LeftOut, selectMetadata } from "./metadata.ts";
import { objectOf } from "../coder/notification.ts";

/** Body of `POST /events.track` (DX, "events.track"). */
export interface PlatformXEvent {
  readonly name: string;
  readonly email: string;
  /** Unix seconds, as DX wants them: a string. */
  readonly timestamp: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Bypasses throttling and always sends a survey; never present unless the operator asked for it. */
  readonly test_data?: true;
}

/** What the first copy of an occurrence fixes for all its copies. */
export interface FirstCopy {
  readonly messageId: string;
  /** Unix milliseconds. */
  readonly arrivedAt: number;
}

/** The event, and what became of the metadata on the way. */
export interface BuiltEvent {
  readonly event: PlatformXEvent;
  readonly fitted: FittedMetadata;
  readonly leftOut: readonly LeftOut[];
}

/** Builds the event. The same arguments always give the same bytes. */
export function buildEvent(
  attributed: Attributed,
  options: { readonly first: FirstCopy; readonly testData: boolean },
): BuiltEvent {
  const { first, testData } = options;
  const { name, email, notification } = attributed;
  const { fields, leftOut } = selectMetadata(attributed, first.messageId);
  const fitted = fitMetadata(fields);
  const time = happenedAt(objectOf(notification.payload["data"])?.["timestamp"], first.arrivedAt);
  const event = { name, email, timestamp: String(Math.floor(time / 1000)), metadata: fitted.metadata };
  return { event: testData ? { ...event, test_data: true } : event, fitted, leftOut };
}

/** RFC 3339 with up to nanoseconds, as Go's `time.Time` marshals. */
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

/** Earlier times are Go's zero time or a clock that was never set. */
const EARLIEST = Date.UTC(2021, 0, 1);

/** The notification's own time where it is believable, else its arrival. Unix milliseconds. */
function happenedAt(timestamp: unknown, arrivedAt: number): number {
  const parts = typeof timestamp === "string" ? RFC3339.exec(timestamp) : null;
  if (parts === null) return arrivedAt;
  const [text, year, month, day] = parts;
  // Date.parse makes the second of March of the thirtieth of February.
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const time = Number(day) <= daysInMonth ? Date.parse(text) : NaN;
  return time >= EARLIEST && time <= arrivedAt ? time : arrivedAt;
}
