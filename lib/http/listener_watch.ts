/**
 * Notices that nobody can connect any more. Deno closes its listener when the process runs out of file descriptors;
 * with stalled connections it does not tell so (tried with 2.6 and 2.9).
 */
import type { Clock } from "../base/clock.ts";
import type { Address, Runtime } from "../runtime/runtime.ts";

/** Milliseconds between two looks. */
const EVERY = 5_000;

/** Looks in a row that found no descriptor left to look with. */
const WITHOUT_DESCRIPTOR = 3;

/** What watching needs from outside. */
export interface ListenerWatch {
  /** Where the service listens. */
  readonly address: Address;
  readonly clock: Clock;
  /** Aborted when it is listened no more on purpose. */
  readonly draining: AbortSignal;
  readonly connect: Runtime["tryToConnect"];
  /** Resolves when the service has started: nothing that takes long happens before. */
  readonly settled: Promise<unknown>;
}

/**
 * Resolves when the service's own address refuses connections, or when there are no descriptors for long. Never does
 * where the address cannot be reached from inside in the first place.
 */
export async function listenerLost(
  { address, clock, connect, draining, settled }: ListenerWatch,
): Promise<void> {
  const target = { host: fromInside(address.host), port: address.port };
  // At once: a listener that was lost before the first look would count as one that cannot be reached from inside.
  let isReachable = await connect(target) === "connected";
  let without = 0;
  await settled;
  while (!draining.aborted) {
    await clock.sleep(EVERY, draining);
    const seen = await connect(target);
    isReachable ||= seen === "connected";
    without = seen === "no_descriptor" ? without + 1 : 0;
    const isLost = (seen === "refused" && isReachable) || without === WITHOUT_DESCRIPTOR;
    if (isLost && !draining.aborted) return;
  }
  await new Promise(() => {});
}

/** The address under which this machine reaches who listens at all addresses. */
export function fromInside(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
