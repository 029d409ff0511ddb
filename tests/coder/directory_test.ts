import assert from "node:assert/strict";
import type { ApiAnswer } from "../../lib/coder/coder_api.ts";
import { CoderApi } from "../../lib/coder/coder_api.ts";
import { Directory } from "../../lib/coder/directory.ts";
import type { Whom } from "../../lib/coder/person.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { startCoder } from "../support/coder.ts";

const ALICE = { id: "b2a0f7a5-63c7-4c63-9a6e-6b3cf0f2a001", username: "alice", email: "Alice@example.com" };
const GONE = {
  id: "b2a0f7a5-63c7-4c63-9a6e-6b3cf0f2a002",
  username: "gone",
  email: "gone@example.com",
  isDeleted: true,
};
const ROBOT = { id: "b2a0f7a5-63c7-4c63-9a6e-6b3cf0f2a003", username: "robot", email: "" };

function directoryAt(url: string, token = "coder-token") {
  const send = denoClient(() => undefined);
  return new Directory(
    new CoderApi({ url, token, userAgent: "coder-platformx/0", send, clock: systemClock }),
    systemClock,
  );
}

Deno.test("a person is found by id, else by name", async (t) => {
  await using coder = startCoder({ users: [ALICE, GONE, ROBOT] });
  const person = ({ id, username, email }: typeof ALICE) =>
    ({ kind: "person", user: { id, username, email, isServiceAccount: email === "" } }) as const;
  const rows: [what: string, whom: Whom, found: unknown][] = [
    ["by id", { id: ALICE.id }, person(ALICE)],
    ["by name", { username: "alice" }, person(ALICE)],
    ["by name in another letter case", { username: "ALICE" }, person(ALICE)],
    ["a deleted person by id", { id: GONE.id }, person(GONE)],
    ["a deleted person's name is nobody's", { username: "gone" }, { kind: "unknown" }],
    ["a service account has no address", { id: ROBOT.id }, person(ROBOT)],
    ["an unknown id", { id: "b2a0f7a5-63c7-4c63-9a6e-6b3cf0f2afff" }, { kind: "unknown" }],
    ["a name that would lead elsewhere", { username: "../deployment/config" }, { kind: "unknown" }],
  ];
  for (const [what, whom, found] of rows) {
    await t.step(what, async () => assert.deepEqual(await directoryAt(coder.url).find(whom), found));
  }
  for (const { headers, path } of coder.requests) {
    assert.match(path, /^\/api\/v2\/users\/[^/]+$/);
    assert.equal(headers["coder-session-token"], "coder-token");
    assert.equal(headers["user-agent"], "coder-platformx/0");
  }
});

Deno.test("Coder that is away, slow or refuses the token says nothing about the person", async (t) => {
  const html = () => new Response("<html>sign in</html>", { headers: { "content-type": "text/html" } });
  const rows: [what: string, instead: () => Response, seen: string][] = [
    ["the token is refused", () => Response.json({ message: "signed out" }, { status: 401 }), "status 401"],
    ["another page answers", html, "not_coder"],
    ["a proxy's 400", () => new Response("Bad Request", { status: 400 }), "status 400"],
    ["trouble", () => Response.json({ message: "oh" }, { status: 503 }), "status 503"],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "/login" } }), "status 302"],
    ["an answer without an id", () => Response.json({}), "not_coder"],
    ["more than a mebibyte", () => Response.json({ id: "x".repeat(1 << 20) }), "not_coder"],
  ];
  for (const [what, instead, seen] of rows) {
    await t.step(what, async () => {
      await using coder = startCoder({ users: [ALICE], instead });
      const directory = directoryAt(coder.url);
      assert.deepEqual(await directory.find({ id: ALICE.id }), { kind: "unavailable", seen });
      assert.equal(directory.status().seen, seen);
      coder.state.instead = undefined;
      assert.equal((await directory.find({ id: ALICE.id })).kind, "person");
      assert.equal(directory.status().failingMs, undefined);
    });
  }
});

/** An API whose answers the test gives by hand. */
function heldApi() {
  const asked: { path: string; answer: (answer: ApiAnswer) => void }[] = [];
  const get = (path: string) => new Promise<ApiAnswer>((answer) => asked.push({ path, answer }));
  return { asked, get };
}

Deno.test("one question about a person is asked at a time, and the answer is remembered", async () => {
  const api = heldApi();
  let now = 0;
  const directory = new Directory(api, { monotonic: () => now });
  const alice: ApiAnswer = { kind: "ok", json: ALICE };
  const both = [directory.find({ id: ALICE.id }), directory.find({ id: ALICE.id.toUpperCase() })];
  assert.equal(api.asked.length, 1);
  api.asked[0]!.answer(alice);
  assert.deepEqual((await Promise.all(both)).map(({ kind }) => kind), ["person", "person"]);

  now = 10 * 60_000 - 1;
  assert.equal((await directory.find({ id: ALICE.id })).kind, "person");
  assert.equal(api.asked.length, 1);
  now = 10 * 60_000;
  void directory.find({ id: ALICE.id });
  assert.equal(api.asked.length, 2, "after ten minutes Coder is asked again");
});

Deno.test("that a person is unknown is remembered for a minute; that Coder failed, not at all", async () => {
  const api = heldApi();
  let now = 0;
  const directory = new Directory(api, { monotonic: () => now });
  const ask = async (answer: ApiAnswer) => {
    const asking = directory.find({ username: "bob" });
    api.asked.at(-1)!.answer(answer);
    return (await asking).kind;
  };
  assert.equal(await ask({ kind: "failure", failure: "timed_out" }), "unavailable");
  assert.equal(await ask({ kind: "refused", status: 400, isCoder: true }), "unknown");
  assert.equal(api.asked.length, 2);
  now = 59_999;
  assert.equal((await directory.find({ username: "bob" })).kind, "unknown");
  assert.equal(api.asked.length, 2);
  now = 60_000;
  assert.equal(
    await ask({ kind: "ok", json: { id: "1", username: "bob", email: "bob@example.com" } }),
    "person",
  );
  assert.equal(api.asked.length, 3);
});

Deno.test("however many people are asked for, only some ten thousand answers are kept", async () => {
  let asked = 0;
  const get = (): Promise<ApiAnswer> => {
    asked++;
    return Promise.resolve({ kind: "ok", json: { id: "1", username: "a", email: "a@example.com" } });
  };
  const directory = new Directory({ get }, { monotonic: () => 0 });
  for (let i = 0; i < 12_000; i++) await directory.find({ username: `u${i}` });
  const before = asked;
  await directory.find({ username: "u0" });
  assert.equal(asked, before + 1, "the oldest is forgotten");
  await directory.find({ username: "u11999" });
  assert.equal(asked, before + 1, "the newest is not");
});
