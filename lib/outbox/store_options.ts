import type { Clock } from "../base/clock.ts";
import type { LeftAlone } from "./record.ts";

/** What every store is opened with. */
export interface StoreOptions {
  readonly clock: Clock;
  /** Milliseconds for which an occurrence is remembered, from its first copy. */
  readonly window: number;
  /** Milliseconds after which an event is not tried any more. */
  readonly maxAge: number;
  /** Events, dead letters included; further ones are refused as `overfull`. */
  readonly maxPending: number;
  /** Notifications that are remembered; new ones are refused as `keys_overfull`. */
  readonly maxKeys?: number;
  /** Told once of each record that is left alone. */
  readonly onLeftAlone: (record: LeftAlone) => void;
}

/** Notifications that a store remembers at most. */
export function mostKeys({ maxKeys, maxPending }: Pick<StoreOptions, "maxKeys" | "maxPending">): number {
  return maxKeys ?? Math.max(2_000_000, 10 * maxPending);
}
