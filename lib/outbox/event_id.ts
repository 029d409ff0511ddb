/**
 * The id of a new event: a UUID of version 7 (RFC 9562), so that ids are in the order of acceptance.
 *
 * @param now Unix milliseconds
 * @param count of the ids that this process has made: those of one millisecond stay in order
 * @param random a UUID of version 4
 */
export function eventId(now: number, count: number, random: string): string {
  const time = Math.max(0, now).toString(16).padStart(12, "0").slice(-12);
  const counter = (count % 0x1000).toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${random.slice(19)}`;
}
