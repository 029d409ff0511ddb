/** An app whose readers need a secret, and who asks it. */
import { App, type AppOptions } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import type { Stats } from "../../lib/status/stats.ts";
import type { Status } from "../../lib/status/status.ts";
import { statsOf, statusWith, USAGE } from "../status/states.ts";
import { FakeClock, RecordingLog } from "../support/fakes.ts";

/** What Chromium sends when an address is opened. */
export const BROWSER =
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/** The header of Coder's webhooks. */
export const FROM_CODER = { "x-message-id": "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5" } as const;

export const basic = (secret: string) => ({ authorization: `Basic ${btoa(`any:${secret}`)}` });
export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** Senders know "send", readers "send" or "read". */
export function readingApp(options: Partial<AppOptions> & { readonly state?: Partial<Status> } = {}) {
  const never = new AbortController().signal;
  const clock = new FakeClock();
  const log = new RecordingLog();
  const stats: Stats = options.state?.stats ?? statsOf();
  const app = new App({
    relay: { receive: () => Promise.resolve({ status: "forwarded", attempts: 1 }) },
    senders: new Authenticator(["send"]),
    readers: new Authenticator(["send", "read"]),
    status: () => statusWith({ stats, now: clock.now(), ...options.state }),
    usage: () => USAGE,
    count: stats.count.bind(stats),
    clock,
    log,
    draining: never,
    cut: never,
    ...options,
  });
  const ask = async (
    path = "/",
    headers: Readonly<Record<string, string>> = {},
    { method = "GET", body }: { readonly method?: string; readonly body?: string } = {},
  ): Promise<Response> => {
    const init = { method, headers, ...body === undefined ? {} : { body } };
    const answer = await app.handle(new Request(`http://relay.example.com${path}`, init));
    return new Response(answer.body, answer);
  };
  return { app, ask, clock, log, stats };
}
