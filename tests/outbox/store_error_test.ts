import assert from "node:assert/strict";
import { StoreError, storeErrorOf, type StoreFault } from "../../lib/outbox/store_error.ts";

/** Texts of Deno's and SQLite's errors, as seen, and the kinds they are. */
const texts: readonly (readonly [text: string, kind: StoreFault])[] = [
  ["database is locked", "busy"],
  ["database or disk is full", "full"],
  ["No space left on device (os error 28): open '/data/outbox.db'", "full"],
  ["attempt to write a readonly database", "read_only"],
  ["Read-only file system (os error 30): open '/data/outbox.db'", "read_only"],
  ["Permission denied (os error 13): open '/data/outbox.db'", "read_only"],
  ["database disk image is malformed", "broken"],
  ["file is not a database", "broken"],
  ["disk I/O error", "failing"],
  ["Is a directory (os error 21): open '/data/http/outbox.db'", "unusable"],
  ["No such file or directory (os error 2): open '/busy/http/outbox.db'", "unusable"],
  ["unable to open database file", "unusable"],
  [
    "Missing DENO_KV_ACCESS_TOKEN environment variable. Please set it to your access token from https://…",
    "unreachable",
  ],
  ["error sending request for url (https://kv.example.com/connect): client error (Connect)", "unreachable"],
  ["Bad resource ID", "unusable"],
];

for (const [text, kind] of texts) {
  Deno.test(`storeErrorOf names '${text}' ${kind}, and does not quote it`, () => {
    const error = storeErrorOf(new TypeError(text));
    assert.equal(error.fault, kind);
    assert.ok(!error.message.includes("/data") && !error.message.includes("os error"), error.message);
    assert.match(error.message, /: /);
  });
}

Deno.test("storeErrorOf takes anything, and leaves what it made", () => {
  const error = new StoreError("gone");
  assert.equal(storeErrorOf(error), error);
  for (const thrown of [undefined, null, "text", 1, {}]) assert.equal(storeErrorOf(thrown).fault, "unusable");
});
