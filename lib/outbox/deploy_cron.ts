import type { Alarm } from "./alarm.ts";

/** `Deno.cron`, as far as it is used: its types are only there with a flag. */
export type Cron = (name: string, schedule: string, handler: () => void) => unknown;

/**
 * Rings every minute. Deno Deploy stops a service that nobody asks for, and with it the outbox's own poll: a cron starts
 * it again, so that what waits goes out (Deno Deploy, "Cron": registered at the top level, in UTC, without overlap).
 */
export function ringEveryMinute(alarm: Alarm, cron = (Deno as { readonly cron?: Cron }).cron): void {
  cron?.("deliver what waits in the outbox", "* * * * *", () => alarm.ring());
}
