/** What the harness asks of the stand-in and of the service. */
import type { Count } from "./stand_in.ts";
import { SECRET } from "./webhooks.ts";

/** What PlatformX's stand-in has seen so far. */
export async function countAt(standIn: string): Promise<Count> {
  return await (await fetch(`${standIn}count`)).json();
}

/** Serials of the events that the stand-in answered `ok`. */
export async function serialsAt(standIn: string): Promise<ReadonlySet<string>> {
  return new Set((await (await fetch(`${standIn}serials`)).text()).split("\n"));
}

/** Lets the stand-in forget what it saw. */
export async function forgetAt(standIn: string): Promise<void> {
  await (await fetch(`${standIn}serials`, { method: "DELETE" })).text();
}

/** Lets the stand-in answer after so many milliseconds; Infinity: never. */
export async function delayAt(standIn: string, milliseconds: number): Promise<void> {
  const path = milliseconds === Infinity ? "never" : milliseconds;
  await (await fetch(`${standIn}delay/${path}`, { method: "PUT" })).text();
}

/** Events in the outbox. */
export async function outboxAt(
  service: string,
): Promise<{ readonly pending: number; readonly dead: number }> {
  const answer = await fetch(service, { headers: { authorization: `Bearer ${SECRET}` } });
  const { outbox } = await answer.json();
  return outbox;
}
