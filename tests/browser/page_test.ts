/** The page in Debian's Chromium: what only a browser can tell. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { endpointOf, post } from "../../tools/demo/coder.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { sampleOf } from "../support/samples.ts";
import { startProgram } from "../support/service.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { detailsPage, drainingPage, publicPage } from "../../lib/status/page/page.ts";
import type { PageView } from "../../lib/status/page/state.ts";
import { pageAnswer } from "../../lib/http/page_answer.ts";
import { busyState, NOW, stateWith } from "../status/page/states.ts";
import { Chromium, type Tab } from "./chromium.ts";

const SECRET = "sésame/open";
const PICTURES = new URL("../../build/screenshots/", import.meta.url);

/** How the page is looked at: a desk and a small phone. */
const LOOKS = (["light", "dark"] as const).flatMap((theme) => [1100, 360].map((width) => ({ theme, width })));

/** Rules of WCAG 2.2 AA and of good practice. */
const CHECK = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => " +
  "violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('; ')))";

/** Fails when the page that the tab shows is not what it should be in any look. */
async function inspect(tab: Tab, name: string): Promise<void> {
  await Deno.mkdir(PICTURES, { recursive: true });
  await tab.evaluate(`${axe.source}; undefined`);
  for (const look of LOOKS) {
    await tab.lookAs(look);
    const at = `${name}, ${look.theme}, ${look.width} px`;
    await tab.picture(new URL(`${name}-${look.theme}-${look.width}.png`, PICTURES).pathname);
    assert.deepEqual(await tab.evaluate(CHECK), [], at);
    const [content, window] = await tab.evaluate(
      "[document.documentElement.scrollWidth, innerWidth]",
    ) as number[];
    assert.equal(window, look.width, at);
    assert.ok(content! <= window!, `${at}: the page is ${content} px wide`);
    const background = await tab.evaluate("getComputedStyle(document.body).backgroundColor") as string;
    const brightness = Math.max(...background.match(/\d+/g)!.map(Number));
    assert.ok(look.theme === "light" ? brightness > 200 : brightness < 60, `${at}: background ${background}`);
  }
  assert.deepEqual(tab.complaints, [], `${name}: the browser's console`);
}

Deno.test("the program's pages: anyone's, then by the link and the password the details", async (t) => {
  await using platformX = await startPlatformX();
  const signal = AbortSignal.timeout(120_000);
  await using service = await startProgram({
    environment: {
      EVENTS_TRACKED: "*",
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: platformX.url,
      WEBHOOK_SECRET: SECRET,
    },
  });
  for (const row of CATALOGUE) await post(endpointOf(service.url, SECRET), sampleOf(row), signal);
  await post(endpointOf(service.url, "wrong"), sampleOf(CATALOGUE[0]!), signal);
  await using chromium = await Chromium.start();
  const tab = await chromium.open();

  await t.step("anyone's", async () => {
    await tab.visit(service.url);
    assert.match(await tab.evaluate("document.body.innerText") as string, /^coder-platformx.*\nRunning\./s);
    assert.equal(await tab.evaluate("document.querySelectorAll('table').length"), 0);
    await inspect(tab, "public");
  });

  await t.step("the link asks for the password, and the details come", async () => {
    await tab.send("Fetch.enable", { handleAuthRequests: true });
    const loaded = tab.event("Page.loadEventFired");
    const asked = tab.event("Fetch.authRequired");
    const paused = tab.event("Fetch.requestPaused");
    await tab.evaluate("document.querySelector('a[href=\"/?details\"]').click()");
    await tab.send("Fetch.continueRequest", { requestId: (await paused)["requestId"] });
    const authChallengeResponse = { response: "ProvideCredentials", username: "any", password: SECRET };
    await tab.send("Fetch.continueWithAuth", {
      requestId: (await asked)["requestId"],
      authChallengeResponse,
    });
    await loaded;
    await tab.send("Fetch.disable");
    assert.match(
      await tab.evaluate("document.querySelector('.say').innerText") as string,
      /^Delivering\. Last event /,
    );
    assert.equal(await tab.evaluate("document.querySelectorAll('.recent tbody tr').length"), 40);
    await inspect(tab, "details");
  });

  await t.step("it renews itself, and keeps still when told to", async () => {
    await tab.evaluate("globalThis.old = true");
    await tab.event("Page.loadEventFired");
    assert.equal(await tab.evaluate("globalThis.old"), undefined);
    assert.equal(await tab.evaluate("location.search"), "?details");
    const loaded = tab.event("Page.loadEventFired");
    await tab.evaluate("document.querySelector('footer a').click()");
    await loaded;
    assert.equal(await tab.evaluate("location.search"), "?details&still");
    assert.match(await tab.evaluate("document.querySelector('footer').innerText") as string, /stands still/);
    const { headers } = await fetch(`${service.url}?still`, { headers: { accept: "text/html" } });
    assert.equal(headers.get("refresh"), null);
  });
});

Deno.test("pages of every state are readable for everybody", async (t) => {
  const view: PageView = { details: true, still: true };
  const forMs = 1_680_000;
  const pages: Readonly<Record<string, string>> = {
    busy: detailsPage(busyState(), view, NOW),
    paused: detailsPage(busyState({ paused: { cause: "key", at: NOW - forMs, forMs } }), view, NOW),
    behind: detailsPage(
      busyState({ outbox: { pending: 812, dead: 0, oldestPendingMs: 3_600_000 } }),
      view,
      NOW,
    ),
    fresh: detailsPage(stateWith(), view, NOW),
    delayed: publicPage("degraded", view, NOW),
    draining: drainingPage(view, NOW),
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const page = pages[new URL(request.url).pathname.slice(1)];
    return page === undefined ? new Response(null, { status: 204 }) : pageAnswer(page, 200, view);
  });
  await using chromium = await Chromium.start();
  const tab = await chromium.open();
  for (const name of Object.keys(pages)) {
    await t.step(name, async () => {
      await tab.visit(`http://127.0.0.1:${server.addr.port}/${name}`);
      await inspect(tab, name);
    });
  }

  await t.step("the policy is in force: neither script nor further style applies", async () => {
    await tab.evaluate("document.body.setAttribute('style', 'color: red')");
    await tab.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { text: 'hacked = 1' }))",
    );
    assert.equal(await tab.evaluate("typeof hacked"), "undefined");
    assert.match(tab.complaints.join(), /script-src|default-src/);
    assert.match(tab.complaints.join(), /style-src/);
  });
});
