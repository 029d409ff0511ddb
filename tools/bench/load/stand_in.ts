/**
 * PlatformX's stand-in for load, as cheap as it can be: it looks for the serial in the body, remembers it and says `ok`.
 * `stand_in.ts PORT`. It can be told to be slow, or never to answer:
 *
 * `PUT /delay/MS` (`never` too) · `GET /count` as JSON · `GET /serials` of the events that were answered ·
 * `DELETE /serials`
 */
import { type Misbehaviour, startPlatformX } from "../../../tests/support/platformx.ts";
import type { Received } from "../../../tests/support/platformx_wire.ts";
import { MESSAGE_PREFIX, PLACEHOLDER } from "./webhooks.ts";

/** What the stand-in has seen. */
export interface Count {
  /** Events that were answered `ok`; `distinct`: without those that came more than once. */
  readonly events: number;
  readonly distinct: number;
  /** Requests that have no answer yet. */
  readonly open: number;
}

const serials = new Set<string>();
let events = 0;
let delay = 0;
/** Releases those who would wait for ever, when the delay is changed. */
let changed = Promise.withResolvers<void>();

function answer(body: string, after = 0): Misbehaviour {
  const headers = { "content-type": "application/json" };
  return { kind: "answer", status: 200, headers, body, ...(after > 0 ? { after } : {}) };
}

function track({ body }: Received): Misbehaviour {
  // Whoever still waits when this settles is told that it was not taken.
  if (delay === Infinity) return { kind: "answer", status: 503, after: changed.promise };
  const at = body.indexOf(MESSAGE_PREFIX) + MESSAGE_PREFIX.length;
  events++;
  serials.add(body.slice(at, at + PLACEHOLDER.length));
  return answer('{"ok":true}', delay);
}

function control({ method, path }: Received): Misbehaviour {
  if (method === "GET" && path === "/count") {
    // Without the request that asks.
    const count: Count = { events, distinct: serials.size, open: standIn.open - 1 };
    return answer(JSON.stringify(count));
  }
  if (method === "GET" && path === "/serials") return answer([...serials].join("\n"));
  if (method === "DELETE") {
    serials.clear();
    events = 0;
    return answer("");
  }
  const wanted = path.replace("/delay/", "");
  delay = wanted === "never" ? Infinity : Number(wanted);
  changed.resolve();
  changed = Promise.withResolvers();
  return answer("");
}

const standIn = await startPlatformX({ port: Number(Deno.args[0]), keeps: false });
standIn.misbehave((call) => call.method === "POST" ? track(call) : control(call), Infinity);
