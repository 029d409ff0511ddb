/**
 * Makes README's picture of the page, of made-up webhooks, with Debian's Chromium:
 * `deno run -q --no-prompt -P=tests tests/browser/picture.ts`.
 */
import { pageAnswer } from "../../lib/http/page_answer.ts";
import { detailsPage } from "../../lib/status/page/page.ts";
import { deadLetters, MINUTE, outboxInUse } from "../status/states.ts";
import { fileOf } from "../support/files.ts";
import { Chromium } from "./chromium.ts";

const status = outboxInUse({ ...deadLetters(1, 3 * MINUTE), pending: 2, oldestPendingMs: 2 * MINUTE });
const page = detailsPage(status, { details: true, still: true, selection: undefined });
await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
  const { body, headers } = await pageAnswer(page, 200, false);
  return new Response(body, { headers });
});
await using chromium = await Chromium.start();
const tab = await chromium.open();
await tab.lookAs({ theme: "light", width: 1100 });
await tab.visit(`http://127.0.0.1:${server.addr.port}/`);
// Without the table of all tracked notifications, which is long.
const clip = { x: 0, y: 0, width: 1085, height: 1505, scale: 1 };
const { data } = await tab.send("Page.captureScreenshot", {
  format: "png",
  captureBeyondViewport: true,
  clip,
});
await Deno.writeFile(fileOf("docs/images/page.png"), Uint8Array.fromBase64(String(data)));
