/** Whether events and answers add up. */
import type { Run } from "./run.ts";

/**
 * What is wrong with the counts, if anything. A request that was cut off when wrk left may be an event without an
 * answer: as many as there were connections, in the warm-up and in the measurement.
 */
export function wrongCount(
  { accepted: answered, events, pending, failed, repeated }: Pick<
    Run,
    "accepted" | "events" | "pending" | "failed" | "repeated"
  >,
  connections: number,
  tracks = true,
): string | undefined {
  const accepted = tracks ? answered : 0;
  if (!tracks && events > 0) return `${events} events of webhooks that nobody asked for`;
  const kept = events + pending;
  if (kept < accepted) return `${accepted - kept} of ${accepted} webhooks answered 2xx are no event`;
  if (kept > accepted + 2 * connections) return `${kept} events of ${accepted} webhooks answered 2xx`;
  if (repeated > 0) return `${repeated} events came more than once`;
  return failed > 0 ? `${failed} webhooks were not answered 2xx` : undefined;
}
