/** What takes events onwards: the outbox, the way to PlatformX while Coder waits, or the log. */
import { plain } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { DedupCache } from "../delivery/dedup_cache.ts";
import { deliverDirectly } from "../delivery/direct.ts";
import type { Delivery } from "../delivery/draft.ts";
import { deliverToLog } from "../delivery/dry_run.ts";
import { SingleFlight } from "../delivery/single_flight.ts";
import { type OpenOutbox, openOutbox } from "../outbox/open.ts";
import { OPEN_TO_ALL, openStore } from "../outbox/open_store.ts";
import type { Gate } from "../platformx/gate.ts";
import { sha256 } from "../runtime/hashing.ts";
import type { Stats } from "../status/stats.ts";
import type { Surroundings } from "./serve.ts";

/**
 * Opens it.
 *
 * @throws {StoreError}
 */
export async function openDelivery(
  { delivery: { deadline, dedupWindow: window, dryRun }, outbox }: Config,
  { clock, log, runtime: { files, startThread }, shutdown: { draining }, telemetry }: Surroundings,
  { gate, stats }: { readonly gate: Gate; readonly stats: Stats },
): Promise<{ readonly delivery: Delivery; readonly outbox: OpenOutbox | undefined }> {
  const random = Math.random;
  if (outbox === undefined || dryRun) {
    const cache = new DedupCache(window, clock.monotonic);
    const deliver = dryRun ? deliverToLog(log) : deliverDirectly({ gate, clock, random });
    return { delivery: new SingleFlight({ cache, deliver, deadline, clock, log, gate }), outbox: undefined };
  }
  const { location, maxAge, maxPending } = outbox;
  const options = { maxAge, maxPending, window, access: "serve", startThread, clock, log } as const;
  const store = await openStore(location, options);
  if (location.kind === "sqlite" && files.stat(location.path)?.isForAll) {
    log.write("WARNING", "config_warning", plain`OUTBOX: ${OPEN_TO_ALL}`);
  }
  const open = openOutbox(store, {
    hash: sha256,
    onSettled: stats.countSettled.bind(stats),
    traced: telemetry?.traced ?? ((_, work) => work()),
    ...{ maxPending, random, gate, clock, log, draining },
  });
  return { delivery: open.outbox, outbox: open };
}
