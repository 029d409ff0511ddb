import type { Order } from "../delivery/single_flight.ts";
import type { Outbox } from "./outbox.ts";
import type { Handled } from "../delivery/relay.ts";
import { StoreError } from "./store_error.ts";
import type { StoreWatch } from "./store_watch.ts";
import type { Worker } from "./dispatcher.ts";

/** Milliseconds after which a store that fails can work again. */
const STORE_RETRY = 30_000;

/** Fulfils orders by committing them to the outbox; the worker delivers. */
export function fulfilByOutbox(
  outbox: Outbox,
  worker: Worker,
  watch: StoreWatch,
): (order: Order) => Promise<Handled> {
  return async (order) => {
    try {
      const accepted = await outbox.accept(order);
      if (accepted.kind === "queued") {
        // A duplicate proves nothing: a store that is full or read-only finds it as well.
        watch.worked({ accepted: true });
        worker.offer(accepted);
      }
      return { kind: accepted.kind, attempts: 0 };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      watch.failed(error);
      return {
        kind: "unavailable",
        reason: "outbox",
        retryAfterMs: STORE_RETRY,
        attempts: 0,
      };
    }
  };
}
