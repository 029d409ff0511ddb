import type { Clock } from "../base/clock.ts";

/** Milliseconds within which a second signal counts as the first. */
const SAME_SIGNAL = 500;

/** Windows knows no SIGTERM that a program could listen to. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Listens to the signals that ask the process to stop: from its first moment, because the kernel drops what process 1
 * of a container does not listen to. The listeners stay: a signal during the end must not change the exit code.
 *
 * @param hurry aborted by a second signal, which is from somebody who does not want to wait
 * @returns resolves at the first signal
 */
export function stopRequested(clock: Clock, hurry: AbortController): Promise<"stop"> {
  const { promise, resolve } = Promise.withResolvers<"stop">();
  let impatientFrom = Infinity;
  const onSignal = () => {
    // Not so at once: task runners deliver one signal twice.
    if (clock.monotonic() >= impatientFrom) hurry.abort();
    impatientFrom = Math.min(impatientFrom, clock.monotonic() + SAME_SIGNAL);
    resolve("stop");
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return promise;
}
