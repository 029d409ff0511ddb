import assert from "node:assert/strict";
import type { OutboxLocation } from "../../lib/config/config.ts";
import { BASE, configOf, type Environment, problemsOf, warningsOf } from "./fakes.ts";

const DEPLOY: Environment = { DENO_DEPLOY: "1" };

const locations: readonly (readonly [text: string, location: OutboxLocation, more?: Environment])[] = [
  ["outbox.db", { kind: "file", path: "outbox.db" }],
  ["./kv", { kind: "file", path: "./kv" }],
  [" '/var/lib/coder platformx/outbox.db' ", { kind: "file", path: "/var/lib/coder platformx/outbox.db" }],
  ["C:\\ProgramData\\outbox.db", { kind: "file", path: "C:\\ProgramData\\outbox.db" }],
  ["d:/outbox.db", { kind: "file", path: "d:/outbox.db" }],
  ["\\\\server\\share\\outbox.db", { kind: "file", path: "\\\\server\\share\\outbox.db" }],
  ["kv", { kind: "platform" }, DEPLOY],
  ["https://kv.example.com/connect", { kind: "remote", url: "https://kv.example.com/connect" }],
  ["HTTPS://kv.example.com/connect", { kind: "remote", url: "HTTPS://kv.example.com/connect" }],
  ["https://kv.example.com/connect", { kind: "remote", url: "https://kv.example.com/connect" }, DEPLOY],
];

for (const [text, location, more = {}] of locations) {
  Deno.test(`OUTBOX=${text}${"DENO_DEPLOY" in more ? " on Deno Deploy" : ""} is a ${location.kind}`, () => {
    const environment = { ...BASE, ...more, OUTBOX: text };
    assert.deepEqual(configOf(environment).outbox, location);
    assert.deepEqual(warningsOf(environment), []);
  });
}

Deno.test("without OUTBOX there is direct delivery", () => {
  assert.equal(configOf(BASE).outbox, undefined);
});

Deno.test("DRY_RUN leaves OUTBOX as it is: the commands can look into it", () => {
  const { dryRun, outbox } = configOf({ ...BASE, DRY_RUN: "true", OUTBOX: "outbox.db" });
  assert.deepEqual([dryRun, outbox], [true, { kind: "file", path: "outbox.db" }]);
});

const NOTHING_ELSE = "OUTBOX must be a file path, kv, or an https address: nothing else outlives the process";
const CONNECT = "OUTBOX must be a KV Connect address without user name and password";
const AGE =
  "OUTBOX_MAX_AGE must be a whole number and one of ms, s, m, h, d, from 1s to 365d: current value is";
const PENDING = "OUTBOX_MAX_PENDING must be a whole number from 1 to 1000000000: current value is";

const problems: readonly (readonly [environment: Environment, problem: string])[] = [
  [{ OUTBOX: "" }, "OUTBOX must not be empty: remove it, or give it a value"],
  [{ OUTBOX: "  " }, "OUTBOX must not be empty: remove it, or give it a value"],
  [{ OUTBOX: ":memory:" }, `${NOTHING_ELSE}: current value is ':memory:'`],
  [
    { OUTBOX: "http://kv.example.com/connect" },
    `${NOTHING_ELSE}: current value is 'http://kv.example.com/connect'`,
  ],
  [{ OUTBOX: "file:outbox.db" }, `${NOTHING_ELSE}: current value is 'file:outbox.db'`],
  [{ OUTBOX: "redis://cache:6379" }, `${NOTHING_ELSE}: current value is 'redis://cache:6379'`],
  [{ OUTBOX: "https://" }, `${CONNECT}: current value is 'https://'`],
  [{ OUTBOX: "https://me:secret@kv.example.com/connect" }, `${CONNECT}: current value is (hidden)`],
  [{ OUTBOX: "kv" }, "OUTBOX must not be kv but on Deno Deploy: name a file: current value is 'kv'"],
  [
    { ...DEPLOY, OUTBOX: "outbox.db" },
    "OUTBOX must be kv or an https address on Deno Deploy: files do not last there: current value is 'outbox.db'",
  ],
  [{ ...DEPLOY, OUTBOX: ":memory:" }, `${NOTHING_ELSE}: current value is ':memory:'`],
  ...["7", "1.5d", "0s", "999ms", "366d", "-1d", "7 d", "forever"].map((text) =>
    [{ OUTBOX_MAX_AGE: text }, `${AGE} '${text}'`] as const
  ),
  ...["0", "-1", "1.5", "1e5", "1000000001", "many"].map((text) =>
    [{ OUTBOX_MAX_PENDING: text }, `${PENDING} '${text}'`] as const
  ),
];

for (const [environment, problem] of problems) {
  Deno.test(`${JSON.stringify(environment)} is refused with a sentence`, () => {
    assert.deepEqual(problemsOf({ ...BASE, ...environment }), [problem]);
  });
}

const values: readonly (readonly [environment: Environment, age: number, pending: number])[] = [
  [{}, 7 * 86_400_000, 100_000],
  [{ OUTBOX_MAX_AGE: "1s", OUTBOX_MAX_PENDING: "1" }, 1_000, 1],
  [{ OUTBOX_MAX_AGE: "1000ms" }, 1_000, 100_000],
  [{ OUTBOX_MAX_AGE: "365d", OUTBOX_MAX_PENDING: "1000000000" }, 365 * 86_400_000, 1_000_000_000],
];

for (const [environment, age, pending] of values) {
  Deno.test(`${JSON.stringify(environment)} bounds the outbox to ${age} ms and ${pending} events`, () => {
    const { outboxMaxAge, outboxMaxPending } = configOf({ ...BASE, ...environment });
    assert.deepEqual([outboxMaxAge, outboxMaxPending], [age, pending]);
  });
}

Deno.test("all problems with the outbox are told at once", () => {
  const environment = { ...BASE, OUTBOX: ":memory:", OUTBOX_MAX_AGE: "soon", OUTBOX_MAX_PENDING: "some" };
  assert.equal(problemsOf(environment).length, 3);
});
