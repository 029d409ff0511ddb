/** The page as an HTTP answer: what the browser may do with it. */
import { createHash } from "node:crypto";
import { prefersHtml } from "./negotiate.ts";
import type { HealthState } from "../status/health.ts";
import { type PageState, type PageView, RENEWAL } from "../status/page/state.ts";
import { STYLE } from "../status/page/style.ts";
import type { Stats } from "../status/stats.ts";

/** Nothing is loaded, run, sent or framed; only the page's own style sheet applies. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": POLICY,
  "content-type": "text/html; charset=utf-8",
  "referrer-policy": "no-referrer",
  "vary": "Accept",
  "x-content-type-options": "nosniff",
};

/** How a page is asked for; undefined: JSON is. */
export function viewFor({ headers }: Request, { searchParams }: URL): PageView | undefined {
  if (!prefersHtml(headers.get("accept"))) return undefined;
  return { details: searchParams.has("details"), still: searchParams.has("still") };
}

/** What the page with details is made of. `now`: Unix milliseconds. */
export function pageState(health: HealthState, stats: Stats, now: number): PageState {
  const { lastWebhook, recent, timeline } = stats;
  return { health, hour: timeline.last(60, 1, now), day: timeline.last(48, 30, now), lastWebhook, recent };
}

/** The answer that carries a page. */
export function pageAnswer(page: string, status: 200 | 503, { still }: PageView): Response {
  const headers = new Headers(HEADERS);
  // A header does what the element does; checkers of accessibility refuse the element even where there is a way to stop it.
  if (!still) headers.set("refresh", String(RENEWAL));
  if (status === 503) headers.set("retry-after", "1");
  return new Response(page, { status, headers });
}
