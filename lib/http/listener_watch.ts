/**
 * Notices that nobody can connect any more. Deno closes its listener when the process runs out of file descriptors;
 * 2.9 tells so at once, 2.4 only when the last open connection has ended, which stalled ones never do (both tried).
 */
import type { Clock } from "../base/clock.ts";

/** Milliseconds between two looks. */
const EVERY = 5_000;

/** Looks in a row that found no descriptor left to look with. */
const WITHOUT_DESCRIPTOR = 3;

/** What watching needs from outside. */
export interface ListenerWatch {
  /** Where the service listens. */
  readonly address: { readonly hostname: string; readonly port: number };
  readonly clock: Clock;
  /** Aborted when it is listened no more on purpose. */
  readonly draining: AbortSignal;
  readonly connect?: (address: { hostname: string; port: number }) => Promise<Disposable>;
}

/**
 * Resolves when the service's own address refuses connections, or when there are no descriptors for long. Never does
 * where the address cannot be reached from inside in the first place.
 */
export async function listenerLost(watch: ListenerWatch): Promise<void> {
  const { address, clock, connect = Deno.connect, draining } = watch;
  const target = { hostname: fromInside(address.hostname), port: address.port };
  const look = () => connect(target).then((connection) => connection[Symbol.dispose](), (error) => error);
  let without = 0;
  if (await look() === undefined) {
    while (!draining.aborted) {
      await clock.sleep(EVERY, draining);
      const error: unknown = await look();
      if (error instanceof Deno.errors.ConnectionRefused && !draining.aborted) return;
      without = error instanceof Error && /os error 24\b/.test(error.message) ? without + 1 : 0;
      if (without === WITHOUT_DESCRIPTOR) return;
    }
  }
  await new Promise(() => {});
}

/** All addresses include this machine's own. */
function fromInside(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}
