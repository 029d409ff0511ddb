/** The page in Debian's Chromium: what only a browser can tell. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { endpointOf, post } from "../../tools/demo/coder.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { sampleOf } from "../support/samples.ts";
import { startProgram } from "../support/service.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import {
  detailsPage,
  drainingPage,
  notFoundPage,
  publicPage,
  unauthorizedPage,
} from "../../lib/status/page/page.ts";
import type { PageView } from "../../lib/status/page/view.ts";
import { pageAnswer } from "../../lib/http/page_answer.ts";
import { NOW, STATES } from "../status/states.ts";
import { Chromium, type Tab } from "./chromium.ts";

const SECRET = "sésame/open";
const PICTURES = new URL("../../build/screenshots/", import.meta.url);

/** How the page is looked at: a desk and a small phone. */
const LOOKS = (["light", "dark"] as const).flatMap((theme) => [1280, 390].map((width) => ({ theme, width })));

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
  // As a proxy in front may serve it: below a path of its own.
  await using proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers, url }) => {
      const { pathname, search } = new URL(url);
      const inside = pathname.startsWith("/relay/") ? pathname.slice("/relay".length) : undefined;
      if (inside === undefined) {
        return new Response("outside", {
          status: pathname === "/favicon.ico" ? 204 : 502,
        });
      }
      return fetch(new URL(`${inside}${search}`, service.url), { headers });
    },
  );
  const outside = `http://127.0.0.1:${proxy.addr.port}/relay/`;
  await using chromium = await Chromium.start();
  const tab = await chromium.open();
  const follow = async (link: string) => {
    const loaded = tab.event("Page.loadEventFired");
    await tab.evaluate(`document.querySelector(${JSON.stringify(link)}).click()`);
    await loaded;
  };
  const seen = async (selector: string) =>
    await tab.evaluate(`document.querySelector('${selector}').innerText`) as string;
  const address = () => tab.evaluate("location.pathname + location.search");

  await t.step("anyone's", async () => {
    await tab.visit(outside);
    assert.equal(await seen("[role=status]"), "Running.");
    assert.equal(await tab.evaluate("document.querySelectorAll('table').length"), 0);
    await inspect(tab, "public");
  });

  await t.step("the link asks for the password, and the details come", async () => {
    await tab.send("Fetch.enable", { handleAuthRequests: true });
    const loaded = tab.event("Page.loadEventFired");
    const asked = tab.event("Fetch.authRequired");
    const paused = tab.event("Fetch.requestPaused");
    await tab.evaluate("document.querySelector('a[href=\"?details\"]').click()");
    await tab.send("Fetch.continueRequest", { requestId: (await paused)["requestId"] });
    const authChallengeResponse = { response: "ProvideCredentials", username: "any", password: SECRET };
    await tab.send("Fetch.continueWithAuth", {
      requestId: (await asked)["requestId"],
      authChallengeResponse,
    });
    await loaded;
    await tab.send("Fetch.disable");
    assert.match(await seen("[role=status]"), /^Delivering\. Last event /);
    assert.equal(await tab.evaluate("document.querySelectorAll('.webhooks tbody tr').length"), 10);
    await inspect(tab, "details");
  });

  await t.step(
    "links lead to what failed, to a message and back, and never out of the proxy's path",
    async () => {
      await follow("a[href$='only=failed']");
      assert.equal(await address(), "/relay/?details&only=failed");
      assert.equal(await tab.evaluate("document.querySelectorAll('.webhooks tbody tr').length"), 1);
      assert.match(await seen(".webhooks tbody"), /The secret is missing or wrong\./);
      await follow(".webhooks td:last-child a");
      assert.equal(await address(), `/relay/?details&message=${sampleOf(CATALOGUE[0]!).msg_id}`);
      assert.equal(await tab.evaluate("document.querySelectorAll('.webhooks tbody tr').length"), 2);
      await follow(".webhooks td:nth-child(2) a");
      assert.equal(await seen("h2"), CATALOGUE[0]!.name);
      await follow("main a");
      assert.equal(await address(), "/relay/?details");
    },
  );

  await t.step("it renews itself, and keeps still when told to", async () => {
    await tab.evaluate("globalThis.old = true");
    await tab.event("Page.loadEventFired");
    assert.equal(await tab.evaluate("globalThis.old"), undefined);
    assert.equal(await address(), "/relay/?details");
    await follow("footer a");
    assert.equal(await address(), "/relay/?details&still");
    assert.match(await seen("footer"), /stands still/);
  });

  await t.step("an address at which there is nothing shows the way", async () => {
    await tab.visit(`${outside}hook/deep`);
    assert.equal(await seen("[role=status]"), "There is nothing at this address.");
    await follow("main a");
    assert.equal(await address(), "/relay/");
  });
});

Deno.test("pages of every state are readable for everybody", async (t) => {
  const view: PageView = { details: true, still: true, selection: undefined };
  const { dead_letters: dead, turned_away: away } = STATES;
  const message = { kind: "message", id: "2a3d4b0d-2190-4ce6-b7c8-08cb1e3152f5" } as const;
  const pages: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(STATES).map(([name, status]) => [name, detailsPage(status, view)])),
    message: detailsPage(dead!, { ...view, selection: message }),
    failed: detailsPage(away!, { ...view, selection: { kind: "failed" } }),
    anyones_degraded: publicPage(away!, view),
    draining: drainingPage(view, NOW),
    unauthorized: unauthorizedPage(NOW),
    not_found: notFoundPage("'/hook'", "./", NOW),
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const page = pages[new URL(request.url).pathname.slice(1)];
    if (page === undefined) return new Response(null, { status: 204 });
    const { body, headers } = await pageAnswer(page, 200, false);
    return new Response(body, { headers });
  });
  await using chromium = await Chromium.start();
  const tab = await chromium.open();
  for (const name of Object.keys(pages)) {
    await t.step(name, async () => {
      await tab.visit(`http://127.0.0.1:${server.addr.port}/${name}`);
      // Folded parts are read too.
      await tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true");
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
