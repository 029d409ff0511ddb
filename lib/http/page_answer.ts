/** The page as an HTTP answer: what the browser may do with it. */
import type { OutgoingResponse } from "../runtime/runtime.ts";
import { STYLE } from "../status/page/style.ts";
import { RENEWAL } from "../status/page/view.ts";

/** Nothing is loaded, run, sent or framed; only the page's own style sheet applies. Made for the first page. */
let policy: string | undefined;

async function policyText(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return `default-src 'none'; style-src 'sha256-${base64}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** The answer that carries a page. `renews`: the browser is to ask again by itself. */
export async function pageAnswer(
  page: string,
  status: 200 | 401 | 404 | 503,
  renews: boolean,
): Promise<OutgoingResponse> {
  const headers = {
    "cache-control": "no-store",
    "content-security-policy": policy ??= await policyText(),
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "vary": "Accept",
    "x-content-type-options": "nosniff",
    // A header does what the element does; checkers of accessibility refuse the element even where there is a way to
    // stop it.
    ...(renews ? { refresh: String(RENEWAL) } : {}),
    ...(status === 503 ? { "retry-after": "1" } : {}),
  };
  return { status, headers, body: page };
}
