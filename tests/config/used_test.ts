/** A setting that is parsed and never looked at would be taken without a word, and do nothing. */
import assert from "node:assert/strict";
import { filesIn, read } from "../support/files.ts";
import { BASE, configOf } from "./fakes.ts";

/** Everything that the configuration can hold. */
const FULL = await configOf({
  ...BASE,
  TLS_CERT_FILE: "/tls/cert",
  TLS_KEY_FILE: "/tls/key",
  OUTBOX: "/data/outbox.db",
  CODER_URL: "https://coder.example.com",
  CODER_SESSION_TOKEN: "abc",
});

Deno.test("each field of the configuration is looked at outside lib/config", async (t) => {
  const rooms = filesIn("lib").filter((path) => !path.startsWith("lib/config/")).map(read).join("\n");
  const fields = Object.entries(FULL).flatMap(([section, value]) =>
    typeof value === "object" ? Object.keys(value) : [section]
  );
  assert.ok(fields.includes("ratePerMinute") && fields.includes("shutdownGrace"));
  for (const field of new Set(fields)) {
    await t.step(field, () => {
      assert.match(rooms, new RegExp(`\\b${field}\\b`), `nothing uses '${field}': the setting does nothing`);
    });
  }
});
