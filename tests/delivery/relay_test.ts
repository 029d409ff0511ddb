import assert from "node:assert/strict";
import { type Misbehaviour, type StandIn, startPlatformX } from "../support/platformx.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, type Body, notificationWith, TINA } from "../support/fakes.ts";
import { type Reply, startRelay } from "./relay_fakes.ts";

type Relay = Awaited<ReturnType<typeof startRelay>>;

/** A copy of Workspace Created, about alice, told to administrator `recipient`. */
function copyTo(recipient: string, messageId: string): Body {
  return notificationWith({ user_id: recipient, user_email: `${recipient}@example.com` }, messageId);
}

const TEN = Array.from({ length: 10 }, (_, i) => copyTo(`admin${i}`, `message-${i}`));

/** What so many webhooks were answered, as `status` or `status/reason`, counted. */
function tally(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, reason } of replies) {
    const name = reason === undefined ? status : `${status}/${reason}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Sends all at once. */
function sendAll(relay: Relay, bodies: readonly Body[]): Promise<Reply[]> {
  return Promise.all(bodies.map((body) => relay.send(body)));
}

/** Repeats until 2xx, as Coder does, though with less patience. */
async function repeat(relay: Relay, body: Body): Promise<Reply> {
  let reply = await relay.send(body);
  for (let i = 0; i < 10 && reply.http >= 300; i++) {
    relay.controls.ahead += Number(reply.retryAfter) * 1_000;
    reply = await relay.send(body);
  }
  return reply;
}

Deno.test("ten copies at once are one event", async (t) => {
  const rows: [what: string, misbehaviour: Misbehaviour | undefined, requests: number][] = [
    ["PlatformX answers", undefined, 1],
    ["PlatformX answers late", { kind: "late", ms: 200 }, 1],
    ["PlatformX fails once", { kind: "answer", status: 500 }, 2],
    ["somebody else answers once", { kind: "answer", status: 404, body: "Not Found" }, 2],
  ];
  for (const [what, misbehaviour, requests] of rows) {
    await t.step(what, async () => {
      await using platformX = await startPlatformX();
      await using relay = await startRelay(platformX.url);
      if (misbehaviour !== undefined) platformX.misbehave(misbehaviour);
      const replies = await sendAll(relay, TEN);
      assert.deepEqual(tally(replies), { forwarded: 1, duplicate: 9 });
      assert.ok(replies.every(({ http }) => http === 200));

      assert.deepEqual(tally(await sendAll(relay, TEN)), { duplicate: 10 }, "Coder's retries");
      assert.equal(platformX.requests, requests);
      assert.deepEqual(platformX.events.map(({ name, email }) => [name, email]), [
        ["Workspace Created", ALICE.email],
      ]);
    });
  }
});

Deno.test("a recipient's k-th message is the k-th event", async (t) => {
  for (const recipients of ["A A B B", "A B A B C"]) {
    const bodies = recipients.split(" ").map((name, i) => copyTo(name, `message-${i}`));
    await t.step(`${recipients}, at once`, async () => {
      await using platformX = await startPlatformX();
      await using relay = await startRelay(platformX.url);
      assert.deepEqual(tally(await sendAll(relay, bodies)), { forwarded: 2, duplicate: bodies.length - 2 });
      assert.equal(platformX.events.length, 2);
    });
    await t.step(`${recipients}, one after the other`, async () => {
      await using platformX = await startPlatformX();
      await using relay = await startRelay(platformX.url);
      for (const body of bodies) await relay.send(body);
      assert.equal(platformX.events.length, 2);
    });
  }
});

Deno.test("a template deprecated for four owners is four events, each about its owner", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  const sample = JSON.parse(
    await Deno.readTextFile(new URL("../fixtures/coder/template-deprecated.json", import.meta.url)),
  );
  const owners = ["alice", "bob", "nina", "uma"].map((name) => `${name}@example.com`);
  const bodies = owners.map((email, i) => ({
    ...sample,
    msg_id: `message-${i}`,
    payload: { ...sample.payload, user_id: `owner-${i}`, user_email: email },
  }));
  assert.deepEqual(tally(await sendAll(relay, bodies)), { forwarded: 4 });
  assert.deepEqual(platformX.events.map(({ email }) => email).toSorted(), owners);
});

Deno.test("a workspace made for an administrator, who is told as one, is one event", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  const bodies = [ALICE, TINA].map(({ id, email }, i) =>
    notificationWith({
      user_id: id,
      user_email: email,
      labels: { workspace: "alice-dev", template: "docker-go", version: "brave_turing4", initiator: "bob" },
    }, `message-${i}`)
  );
  assert.deepEqual(tally(await sendAll(relay, bodies)), { forwarded: 1, duplicate: 1 });
  assert.deepEqual(platformX.events.map(({ email }) => email), [ALICE.email]);
});

/** After trouble: Coder repeats every copy, PlatformX has the event once, and nobody lost anything. */
async function recovers(relay: Relay, platformX: StandIn): Promise<void> {
  platformX.behave();
  relay.controls.patience = undefined;
  const replies: Reply[] = [];
  for (const body of TEN) replies.push(await repeat(relay, body));
  assert.deepEqual(tally(replies), { forwarded: 1, duplicate: 9 });
  assert.equal(platformX.events.length, 1);
}

Deno.test("while PlatformX fails, all copies are asked to come again at once, and it is left alone", async (t) => {
  const rows: [what: Misbehaviour & { kind: "answer" }, reason: string, requests: number][] = [
    [{ kind: "answer", status: 500 }, "platformx", 3],
    [{ kind: "answer", status: 502 }, "platformx", 2],
    [{ kind: "answer", status: 302, headers: { location: "/" } }, "url", 3],
    [{ kind: "answer", status: 401 }, "key", 1],
    [{ kind: "answer", status: 429, headers: { "retry-after": "1" } }, "rate_limit", 1],
  ];
  for (const [what, reason, requests] of rows) {
    await t.step(JSON.stringify(what), async () => {
      await using platformX = await startPlatformX();
      await using relay = await startRelay(platformX.url);
      platformX.misbehave(what, Infinity);
      const replies = await sendAll(relay, TEN);
      assert.deepEqual(tally(replies), { [`unavailable/${reason}`]: 10 });
      assert.ok(replies.every(({ http, retryAfter }) => http === 503 && Number(retryAfter) >= 1));
      assert.equal(platformX.requests, requests);
      await recovers(relay, platformX);
    });
  }
});

Deno.test("a refusal answers all copies, and their retries, without a second call", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  platformX.misbehave({ kind: "answer", status: 422, body: '{"ok":false,"error":"invalid_payload"}' });
  const replies = [...await sendAll(relay, TEN), ...await sendAll(relay, TEN)];
  assert.deepEqual(tally(replies), { refused: 20 });
  assert.ok(replies.every(({ http }) => http === 502));
  assert.equal(platformX.requests, 1);
});

Deno.test("while PlatformX never answers, two attempts are made, whatever the number of copies, then all are asked to come again", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  relay.controls.patience = 250;
  platformX.misbehave({ kind: "silent" }, Infinity);
  const replies = await sendAll(relay, TEN);
  assert.deepEqual(tally(replies), { "unavailable/platformx": 10 });
  assert.equal(
    platformX.requests,
    2,
    "an answer that was lost is repeated once, and no other copy takes over",
  );
  await recovers(relay, platformX);
});

Deno.test("while PlatformX never answers, the other copies wait until their deadline, not longer", async () => {
  await using platformX = await startPlatformX();
  {
    await using relay = await startRelay(platformX.url, { deadline: 300 });
    platformX.misbehave({ kind: "silent" });
    let answered = 0;
    const replies = TEN.map((body) => relay.send(body).finally(() => answered++));
    await eventually(() => answered === 9, "nine answers");
    assert.equal(platformX.requests, 1);
    relay.draining.abort();
    relay.cut.abort();
    assert.deepEqual(tally(await Promise.all(replies)), {
      "unavailable/platformx": 9,
      "unavailable/draining": 1,
    });
  }
  await using restarted = await startRelay(platformX.url);
  await recovers(restarted, platformX);
});

Deno.test("a shutdown releases those that wait at once, and lets the one that sends finish", async () => {
  const answer = Promise.withResolvers<void>();
  let requests = 0;
  await using platformX = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    requests++;
    await answer.promise;
    return Response.json({ ok: true });
  });
  using _ = { [Symbol.dispose]: () => answer.resolve() };
  await using relay = await startRelay(`http://127.0.0.1:${platformX.addr.port}/`);
  const replies = TEN.map((body) => relay.send(body));
  await eventually(() => requests === 1 && relay.app.admission.count === 10, "ten webhooks in flight");
  relay.draining.abort();
  await eventually(() => relay.app.admission.count === 1, "one webhook in flight");
  answer.resolve();
  assert.deepEqual(tally(await Promise.all(replies)), { forwarded: 1, "unavailable/draining": 9 });
  assert.equal(requests, 1);
});

Deno.test("one event that waits for PlatformX does not keep another one waiting", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  platformX.misbehave({ kind: "silent" });
  const stuck = relay.send(copyTo("tina", "message-0"));
  await eventually(() => platformX.requests === 1, "the attempt");
  const other = notificationWith({ labels: { workspace: "another" } }, "message-1");
  assert.equal((await relay.send(other)).status, "forwarded");
  relay.cut.abort();
  assert.equal((await stuck).http, 503);
});

Deno.test("an answer that was lost on the way can become a second event, as the documents say", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url);
  relay.controls.patience = 250;
  platformX.misbehave({ kind: "lost" });
  const replies = sendAll(relay, TEN);
  await eventually(() => platformX.events.length === 1, "the event");
  relay.controls.patience = undefined;
  assert.deepEqual(tally(await replies), { forwarded: 1, duplicate: 9 });
  assert.equal(platformX.events.length, 2);
});

Deno.test("a dry run sends nothing, and counts as done", async () => {
  await using platformX = await startPlatformX();
  await using relay = await startRelay(platformX.url, { dryRun: true });
  assert.deepEqual(tally(await sendAll(relay, TEN)), { dry_run: 1, duplicate: 9 });
  assert.equal(relay.log.of("event").filter(({ level }) => level === "INFO").length, 1);
  assert.equal(platformX.requests, 0);
});
