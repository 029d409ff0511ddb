/**
 * PlatformX's stand-in for load, as cheap as one can be: it looks for the serial in the body, remembers it and says
 * `ok`. `stand_in.ts PORT`. It can be told to be slow, or never to answer:
 *
 * `PUT /delay/MS` (`never` too) · `GET /count` as JSON · `GET /serials` of the events that were answered ·
 * `DELETE /serials`
 */
import { setTimeout } from "node:timers/promises";
import { MESSAGE_PREFIX, PLACEHOLDER } from "./webhooks.ts";

/** What the stand-in has seen. */
export interface Count {
  /** Events that were answered `ok`; `distinct`: without those that came more than once. */
  readonly events: number;
  readonly distinct: number;
  /** Requests that have no answer yet. */
  readonly open: number;
}

const OK = JSON.stringify({ ok: true });
const HEADERS = { "content-type": "application/json" };

const serials = new Set<string>();
let events = 0;
let open = 0;
let delay = 0;
/** Releases those who would wait for ever, when the delay is changed. */
let changed = Promise.withResolvers<void>();

async function track(request: Request): Promise<Response> {
  open++;
  try {
    const body = await request.text();
    if (delay === Infinity) {
      await changed.promise;
      return new Response(null, { status: 503 }); // whoever still waits is told that it was not taken
    }
    if (delay > 0) await setTimeout(delay);
    const at = body.indexOf(MESSAGE_PREFIX) + MESSAGE_PREFIX.length;
    events++;
    serials.add(body.slice(at, at + PLACEHOLDER.length));
    return new Response(OK, { headers: HEADERS });
  } finally {
    open--;
  }
}

function control({ method, url }: Request): Response {
  const { pathname } = new URL(url);
  if (method === "GET" && pathname === "/count") {
    return Response.json({ events, distinct: serials.size, open } satisfies Count);
  }
  if (method === "GET" && pathname === "/serials") return new Response([...serials].join("\n"));
  if (method === "DELETE") {
    serials.clear();
    events = 0;
    return new Response("");
  }
  const wanted = pathname.replace("/delay/", "");
  delay = wanted === "never" ? Infinity : Number(wanted);
  changed.resolve();
  changed = Promise.withResolvers();
  return new Response("");
}

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen: () => {} },
  (request) => request.method === "POST" ? track(request) : control(request),
);
