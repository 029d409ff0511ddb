import assert from "node:assert/strict";
import { constant, type Redacted } from "../../lib/base/redact.ts";
import type { ErrorReason } from "../../lib/delivery/reasons.ts";
import { answerTo } from "../../lib/delivery/outcome.ts";
import { publicFindings } from "../../lib/check/public_address.ts";
import { failure, unavailable } from "../../lib/http/responses.ts";
import type { Answer, NetworkFailure, OutgoingRequest } from "../../lib/runtime/runtime.ts";

const SECRET = "päss/w0rd";
const URL_OF_CODER = "https://relay.example.com/";

function answered(status: number, body = "", headers: Record<string, string> = {}): Answer {
  return { kind: "response", status, headers: new Headers(headers), body };
}

/** An answer of this service. */
function own(reason: ErrorReason, detail?: Redacted): Answer {
  const { body, headers, status } = answerTo(failure(reason, detail));
  return answered(status, body, headers);
}

const json = { "content-type": "application/json" };
const DRAINING = answerTo(unavailable("draining"));
const draining = answered(503, DRAINING.body, DRAINING.headers);
const unauthorized = own("unauthorized");
const details = answered(200, '{"status":"degraded","version":"1.2.3"}', json);

/** What is found when these are the answers to POST and GET, and what was asked. */
async function ask(post: Answer, get: Answer, { url = URL_OF_CODER, secrets = [SECRET] } = {}) {
  const requests: OutgoingRequest[] = [];
  const send = (request: OutgoingRequest) => {
    requests.push(request);
    return Promise.resolve(request.method === "POST" ? post : get);
  };
  const findings = await publicFindings(url, { send, secrets, userAgent: "agent/1" });
  return { requests, findings, states: findings.map(({ state }) => state).join(" ") };
}

Deno.test("only this service's own 401 to a POST without the secret is well, and then health is asked with it", async () => {
  const { findings, requests, states } = await ask(unauthorized, details, {
    url: `https://coder:${encodeURIComponent(SECRET)}@relay.example.com/?token=t0ken#x`,
  });
  assert.equal(states, "ok ok ok", JSON.stringify(findings));
  assert.equal(findings[0]!.detail, "https://relay.example.com/?(hidden)");
  assert.match(findings[2]!.detail, /^the secret arrives; the service says: degraded$/);
  const [post, get] = requests;
  assert.deepEqual(requests.map(({ url }) => url), Array(2).fill("https://relay.example.com/?token=t0ken"));
  assert.deepEqual([post!.method, post!.body, post!.headers["authorization"]], ["POST", "{}", undefined]);
  assert.equal(post!.headers["content-type"], "application/json");
  // With it, a redirect that ends here would be counted as a webhook of Coder's that was turned away.
  assert.equal(post!.headers["x-message-id"], undefined);
  const bytes = Uint8Array.from(atob(get!.headers["authorization"]!.slice(6)), (c) => c.charCodeAt(0));
  assert.deepEqual([get!.method, new TextDecoder().decode(bytes)], ["GET", `coder:${SECRET}`]);
  assert.equal(get!.body, undefined);
});

Deno.test("whatever else answers the POST is told, and is not given the secret", async (t) => {
  const rows: [answer: Answer, state: string, words: RegExp][] = [
    [answered(200), "failed", /^answered 200, and not by this service: Coder would count .* lost .*401/],
    [answered(202, '{"status":"queued"}', json), "failed", /^answered 202, and not by this service/],
    [answered(200, '{"status":"ok"}', json), "failed", /^answered 200, and not by this service/],
    [
      answered(301, "", { location: "/x?token=t0ken" }),
      "failed",
      /redirect \(301\) to https:\/\/relay\.example\.com\/x\?\(hidden\):/,
    ],
    [
      answered(308, "", { location: "https://u:pw0@b.example/" }),
      "failed",
      /\(308\) to https:\/\/b\.example\/: .*final address/,
    ],
    [answered(302, "", { location: "http://[" }), "failed", /redirect \(302\) to https:\/\/relay/],
    [answered(304), "failed", /a redirect \(304\): Coder/],
    [
      answered(401, "", { "www-authenticate": "Basic" }),
      "failed",
      /^answered 401, and not by this .*of its own/,
    ],
    [answered(401, '{"error":"unauthorized"}', json), "failed", /^answered 401, and not by this service/],
    [answered(401, '{"status":"error","reason":"no entry"}', json), "failed", /and not by this service/],
    [answered(401, "{", json), "failed", /and not by this service/],
    [answered(401, "[]", json), "failed", /and not by this service/],
    [answered(401, "null", json), "failed", /and not by this service/],
    [answered(403), "failed", /A filter in front/],
    [answered(404, "<html>"), "failed", /Correct the path/],
    [answered(418), "failed", /See who answers/],
    [answered(502), "failed", /does not reach this service/],
    [
      own("not_found", constant("The path was '/relay'")),
      "failed",
      /this service is reached, at another path.*'\/relay'.*prefix/,
    ],
    [own("not_found", constant("The path was '/päss/w0rd'")), "failed", /'\/\(removed\)'/],
    [own("invalid_notification"), "failed", /without a secret.*the same WEBHOOK_SECRET/],
    [own("unsupported_media_type"), "failed", /this service answers 415 unsupported_media_type.*on the way/],
    [draining, "warning", /this service answers 503 draining/],
  ];
  for (const [answer, state, words] of rows) {
    await t.step(`${words}`, async () => {
      const { findings: [, found, get], requests } = await ask(answer, assert.fail as never);
      assert.equal(found!.state, state);
      assert.match(`${found!.detail} ${found!.todo}`, words);
      assert.deepEqual([requests.length, get!.state], [1, "skipped"]);
      assert.doesNotMatch(JSON.stringify(found), /t0ken|pw0/);
    });
  }
  const failures: [failure: NetworkFailure, words: RegExp][] = [
    ["name_not_found", /name is not found.*from this machine/],
    ["tls_failed", /not trusted/],
    ["timed_out", /within 10 s/],
    ["proxy_refused", /proxy of this machine/],
  ];
  for (const [failure, words] of failures) {
    const { findings: [, found] } = await ask({ kind: "failure", failure }, assert.fail as never);
    assert.equal(found!.state, "failed");
    assert.match(`${found!.detail} ${found!.todo}`, words);
  }
});

Deno.test("health tells whether the secret arrives, if it is passed on", async (t) => {
  const rows: [answer: Answer, state: string, words: RegExp][] = [
    [answered(200, '{"status":"ok"}', json), "failed", /does not arrive, or is not the one/],
    [draining, "warning", /shuts down/],
    [answered(405), "note", /not passed on \(answered 405\)/],
    [answered(200, "<html>"), "note", /not passed on \(answered 200\)/],
    [unauthorized, "note", /not passed on/],
    [{ kind: "failure", failure: "connection_lost" }, "note", /not passed on \(the connection broke/],
  ];
  for (const [answer, state, words] of rows) {
    await t.step(`${words}`, async () => {
      const { findings: [, , found] } = await ask(unauthorized, answer);
      assert.equal(found!.state, state);
      assert.match(found!.detail, words);
    });
  }
});

Deno.test("an address with another password, or one that others can read, is told", async (t) => {
  await t.step("another password", async () => {
    const { findings: [address], states } = await ask(unauthorized, details, {
      url: "https://coder:wr0ng@relay.example.com/",
    });
    assert.equal(states, "failed ok ok");
    assert.match(address!.todo!, /not WEBHOOK_SECRET/);
    assert.doesNotMatch(JSON.stringify(address), /wr0ng/);
  });
  await t.step("a password that is no percent-encoding", async () => {
    const { states } = await ask(unauthorized, details, {
      url: "https://c:%zz@h.example/",
      secrets: ["%zz"],
    });
    assert.equal(states, "ok ok ok");
  });
  await t.step("http over the network: the secret stays here", async () => {
    const { requests, states } = await ask(unauthorized, details, { url: "http://relay.example.com/" });
    assert.deepEqual([states, requests.length], ["warning ok skipped", 1]);
  });
  for (const url of ["http://127.0.0.1:8080", "http://[::1]/", "http://localhost/relay"]) {
    await t.step(
      url,
      async () => assert.equal((await ask(unauthorized, details, { url })).states, "ok ok ok"),
    );
  }
});

Deno.test("without a secret of its own, the configuration expects a service that asks for none", async () => {
  const secrets: string[] = [];
  const open = await ask(own("invalid_notification"), details, { secrets });
  assert.equal(open.states, "ok ok ok");
  assert.equal(open.requests[1]!.headers["authorization"], undefined);
  assert.match(open.findings[2]!.detail, /^the service says: degraded$/);
  const closed = await ask(unauthorized, details, { secrets });
  assert.equal(closed.states, "ok failed skipped");
});
