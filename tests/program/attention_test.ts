/** The running program is not green while events are lost, refused or turned away: page, health, metrics and log. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { type Program, startProgram } from "../support/service.ts";

const READ = { authorization: "Bearer send" };
const refusal = { kind: "answer", status: 422, body: '{"ok":false,"error":"email is unknown"}' } as const;

/** Posts a webhook of Coder's about a workspace of its own. */
async function post(program: Program, secret = "send"): Promise<number> {
  const id = randomUUID();
  const response = await program.post(notificationWith({ labels: { workspace: id } }, id), {
    authorization: `Bearer ${secret}`,
    "x-message-id": id,
  });
  await response.body?.cancel();
  return response.status;
}

/** What page, public page, health and metrics say. */
async function told(program: Program) {
  const { attention, status } = await program.health(READ);
  const page = async (headers: Readonly<Record<string, string>>) => {
    const html = await (await fetch(program.url, { headers: { accept: "text/html", ...headers } })).text();
    const [, tone, headline] =
      /<section class="state (\w+)"><p class="say" role="status">([^<]*)/.exec(html) ??
        assert.fail(html);
    return { tone, headline, html };
  };
  const [details, anyones] = [await page(READ), await page({})];
  assert.equal(anyones.tone, details.tone);
  assert.equal((await program.health()).status, status);
  const codes = [
    ...(await program.metrics(READ)).matchAll(/^coder_platformx_attention\{code="(\w+)"\} 1$/gm),
  ];
  assert.deepEqual(codes.map(([, code]) => code), attention);
  return { ...details, attention, status };
}

/** Starts it with direct delivery, and lets PlatformX take one event. */
async function started(platformX: { readonly url: string }, settings: Readonly<Record<string, string>> = {}) {
  const program = await startProgram({
    environment: {
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: platformX.url,
      WEBHOOK_SECRET: "send",
      LOG_FORMAT: "json",
      ...settings,
    },
  });
  assert.match(String(await post(program)), /^20[02]$/);
  return program;
}

Deno.test("one event taken, then eight webhooks with an old secret: nothing is green, and the log warns once", async () => {
  await using platformX = await startPlatformX();
  await using program = await started(platformX);
  assert.equal((await told(program)).tone, "good");
  for (let times = 0; times < 8; times++) assert.equal(await post(program, "old"), 401);
  const { attention, headline, html, status, tone } = await told(program);
  assert.deepEqual([tone, status, attention], ["bad", "degraded", ["turned_away"]]);
  assert.equal(headline, "Coder&#39;s webhooks are turned away.");
  assert.match(html, /8 webhooks of Coder turned away in the last hour: <code>unauthorized<\/code>/);
  assert.equal((await program.logged("turned_away")).level, "WARNING");
  assert.equal(program.entries.filter(({ event }) => event === "turned_away").length, 1);
  assert.equal((await program.stop()).code, 0);
  const counts = program.entries.filter(({ event }) => event === "turned_away").map(({ count }) => count);
  assert.deepEqual(counts, [1, 7], "what was counted is told at the end");
});

Deno.test("a redirect that turned webhooks into GETs is no health check: 421, a warning, and the page says so", async () => {
  await using platformX = await startPlatformX();
  await using program = await started(platformX);
  for (let times = 0; times < 3; times++) {
    const response = await fetch(program.url, { headers: { "x-message-id": randomUUID() } });
    assert.deepEqual([response.status, (await response.json()).reason], [421, "redirected"]);
  }
  assert.equal((await program.logged("turned_away"))["reason"], "redirected");
  assert.deepEqual((await told(program)).attention, ["turned_away"]);
});

Deno.test("PlatformX refuses: direct delivery tells it with PlatformX's words", async () => {
  await using platformX = await startPlatformX();
  await using program = await started(platformX);
  platformX.misbehave(refusal, 3);
  for (let times = 0; times < 3; times++) assert.equal(await post(program), 502);
  const { attention, headline, html, status, tone } = await told(program);
  assert.deepEqual([tone, status, attention], ["bad", "degraded", ["refused"]]);
  assert.match(headline!, /^PlatformX refuses events, the last one /);
  assert.match(html, /3 webhooks refused by PlatformX in the last hour[\s\S]*email is unknown/);
  // One that is taken does not make the three good.
  assert.equal(await post(program), 200);
  assert.deepEqual((await told(program)).attention, ["refused"]);
});

Deno.test("PlatformX refuses the key: told at once, and the page promises nothing that direct delivery does not keep", async () => {
  await using platformX = await startPlatformX();
  await using program = await started(platformX);
  platformX.misbehave({ kind: "answer", status: 401, body: '{"ok":false,"error":"invalid_auth"}' }, Infinity);
  assert.equal(await post(program), 503);
  const { attention, headline, html, tone } = await told(program);
  assert.deepEqual([tone, attention], ["bad", ["key_refused"]]);
  assert.match(headline!, /^Paused since .*: PlatformX does not accept GETDX_API_KEY\.$/);
  assert.match(
    html,
    /Coder is asked to send again: it does so for about 21 minutes, then the event is lost\./,
  );
  const anyones = await (await fetch(program.url, { headers: { accept: "text/html" } })).text();
  assert.doesNotMatch(anyones, /lost|later/);
});

Deno.test("the outbox took eight events and PlatformX refused seven: nothing is green", async () => {
  await using platformX = await startPlatformX();
  await using program = await started(platformX, { OUTBOX: "outbox.db" });
  await eventually(() => platformX.events.length === 1, "the first event to arrive");
  platformX.misbehave(refusal, 7);
  for (let times = 0; times < 7; times++) assert.equal(await post(program), 202);
  const dead = async () => (await program.health(READ)).outbox.dead;
  await eventually(dead, "seven dead letters", { until: (dead) => dead === 7 });
  const { attention, headline, html, status, tone } = await told(program);
  assert.deepEqual([tone, status, attention], ["bad", "degraded", ["dead_letters"]]);
  assert.equal(headline, "7 events could not be delivered.");
  const [table] = /<table class="webhooks[\s\S]*?<\/table>/.exec(html) ?? assert.fail(html);
  assert.equal(table.match(/<span class="badge bad">dead<\/span>/g)?.length, 7);
  assert.match(table, /<span class="badge good">delivered<\/span>/);
  assert.match(html, /email is unknown[\s\S]*coder-platformx outbox replay --reason refused/);
});

Deno.test("a dry run is said at the start as a warning when a key is set, on the page, and in metrics", async () => {
  for (const GETDX_API_KEY of ["", STAND_IN_KEY]) {
    const key = GETDX_API_KEY === "" ? {} : { GETDX_API_KEY };
    await using program = await startProgram({
      environment: { DRY_RUN: "true", WEBHOOK_SECRET: "send", LOG_FORMAT: "json", ...key },
    });
    assert.equal(await post(program), 200);
    const { attention, headline, status, tone } = await told(program);
    assert.deepEqual([tone, status, attention], ["idle", "ok", ["dry_run"]]);
    assert.equal(headline, "Dry run: nothing is sent.");
    const warned = program.entries.filter(({ level, message }) =>
      level === "WARNING" && /DRY_RUN is on/.test(message)
    );
    assert.equal(warned.length, GETDX_API_KEY === "" ? 0 : 1);
  }
});
