import assert from "node:assert/strict";
import { Authenticator } from "../../lib/http/auth.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { constant } from "../../lib/base/redact.ts";
import { recognise } from "../../lib/coder/notification.ts";
import { appWith, basic, bodyOf, FORWARDED, jsonOf, webhook } from "./fakes.ts";

/** What can be wrong with a webhook, in the order in which it is told: the first that is wrong is the answer. */
const CHECKS = [
  ["path", 404, "not_found"],
  ["method", 405, "method_not_allowed"],
  ["draining", 503, "draining"],
  ["busy", 503, "busy"],
  ["authentication", 401, "unauthorized"],
  ["content type", 415, "unsupported_media_type"],
  ["declared length", 413, "too_large"],
  ["slow body", 408, "too_slow"],
  ["long body", 413, "too_large"],
  ["json", 400, "invalid_json"],
  ["fields", 422, "invalid_notification"],
] as const;

type Check = typeof CHECKS[number][0];

/** Checks that are one step of the order: only one of each group is wrong at a time. */
const ONE_STEP: readonly (readonly Check[])[] = [["draining", "busy"], ["slow body", "long body"]];

/** Every set of wrongs, none included. */
function* combinations(): Generator<ReadonlySet<Check>> {
  for (let bits = 0; bits < 2 ** CHECKS.length; bits++) {
    const wrong = new Set(CHECKS.filter((_, i) => bits & (1 << i)).map(([name]) => name));
    if (!ONE_STEP.some((group) => group.every((name) => wrong.has(name)))) yield wrong;
  }
}

function textOf(wrong: ReadonlySet<Check>): string {
  if (wrong.has("json")) return "{";
  return wrong.has("fields") ? "{}" : '{"msg_id":"m","payload":{"notification_name":"n"}}';
}

/** A webhook in which all of this is wrong, handled; and how much of its body was read. */
async function handled(wrong: ReadonlySet<Check>) {
  const { app } = appWith({
    relay: {
      receive: (body) => {
        const isFine = recognise(body).kind === "notification";
        return Promise.resolve(
          isFine
            ? FORWARDED
            : { status: "error", reason: "invalid_notification", detail: constant("msg_id"), attempts: 0 },
        );
      },
    },
    senders: new Authenticator(["s3cret"]),
    ...(wrong.has("draining") ? { draining: AbortSignal.abort() } : {}),
    bodyTimeout: 5,
    clock: systemClock,
  });
  if (wrong.has("busy")) { for (let i = 0; i < 1_000; i++) app.admission.enter(); }
  const headers: Record<string, string> = {};
  if (!wrong.has("authentication")) Object.assign(headers, basic("s3cret"));
  if (wrong.has("content type")) headers["content-type"] = "text/plain";
  if (wrong.has("declared length")) headers["content-length"] = String(1024 * 1024 + 1);
  const padding = wrong.has("long body") ? " ".repeat(1024 * 1024) : "";
  const { stream, seen } = bodyOf(textOf(wrong) + padding, wrong.has("slow body") ? "stalls" : "ends");
  const method = wrong.has("method") ? "PUT" : "POST";
  const path = wrong.has("path") ? "/hook" : "/";
  const response = await app.handle(webhook({ method, headers, body: stream }, path));
  return { status: response.status, body: jsonOf(response), pulls: seen.pulls };
}

Deno.test("of everything that is wrong, the first in the documented order is told", async () => {
  let sets = 0;
  for (const wrong of combinations()) {
    const first = CHECKS.find(([name]) => wrong.has(name));
    const [, status, reason] = first ?? ["nothing", 200, undefined];
    const answer = await handled(wrong);
    const row = `wrong: ${[...wrong].join(", ") || "nothing"}`;
    assert.equal(answer.status, status, row);
    assert.equal(answer.body["reason"], reason, row);
    sets++;
  }
  assert.equal(sets, 2 ** 7 * 3 * 3);
});

Deno.test("a body is not read before everything that is known without it was checked", async (t) => {
  for (const [name] of CHECKS.slice(0, CHECKS.findIndex(([name]) => name === "slow body"))) {
    await t.step(name, async () => {
      assert.equal((await handled(new Set([name]))).pulls, 0);
    });
  }
});

Deno.test("an error says what is wrong: the limit, the field, the variable", async (t) => {
  const rows: [wrong: Check, words: RegExp][] = [
    ["path", /at \/ only/],
    ["method", /GET.*POST/],
    ["authentication", /WEBHOOK_SECRET/],
    ["content type", /application\/json/],
    ["declared length", /1048576 bytes/],
    ["long body", /1048576 bytes/],
    ["slow body", /15 seconds/],
    ["json", /JSON in UTF-8/],
    ["fields", /msg_id/],
  ];
  for (const [wrong, words] of rows) {
    await t.step(wrong, async () => {
      const { body } = await handled(new Set([wrong]));
      assert.equal(body["status"], "error");
      assert.match(String(body["message"]), words);
    });
  }
});
