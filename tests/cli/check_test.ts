import assert from "node:assert/strict";
import { asJson, asText } from "../../lib/cli/check.ts";
import { coderSettings } from "../../lib/check/coder_lines.ts";
import { CHECKS, type GroupedFinding } from "../../lib/check/finding.ts";

const TODO =
  "Put the setting right where it is set, and start the service again, or nothing of it will be seen at all";

const FINDINGS: readonly GroupedFinding[] = [
  { check: "settings", name: "PORT", state: "ok", detail: "8080 (default)" },
  { check: "settings", name: "WEBHOOK_SECRET", state: "warning", detail: "not set", todo: TODO },
  {
    check: "events",
    name: "Workspace Created",
    state: "note",
    detail: "off by default",
    todo: "Switch it on",
  },
  {
    check: "events",
    name: "Workspace Deleted",
    state: "note",
    detail: "off by default",
    todo: "Switch it on",
  },
  { check: "platformx", name: "TLS", state: "failed", detail: "x".repeat(300), todo: TODO },
  { check: "clock", name: "clock", state: "skipped", detail: "not compared" },
];
const CODER = coderSettings("s3cret", false);

Deno.test("problems come first, each with what to do; their number comes last", () => {
  const lines = asText(FINDINGS, CODER).split("\n");
  assert.match(lines[0]!, /^STATE +CHECK +NAME +FOUND$/);
  const states = lines.map((line) => /^(failed|warning|note|ok|skipped) /.exec(line)?.[1]).filter((state) =>
    state
  );
  assert.deepEqual(states, ["failed", "warning", "note", "note", "ok", "skipped"]);
  assert.equal(lines.at(-1), "1 failed, 1 warning, 2 notes");
  assert.match(lines[lines.findIndex((line) => line.startsWith("ok")) - 1]!, /^$/);
  const blocks = asText(FINDINGS, CODER).split(/^(?=failed|warning|note|ok|skipped)/m);
  const said = (block: string) => /-> ([\s\S]*)/.exec(block)?.[1]?.replaceAll(/\s+/g, " ").trim();
  assert.deepEqual(blocks.map(said).slice(1, 5), [TODO, TODO, undefined, "Switch it on"]);
});

Deno.test("no line is wider than a hundred columns, but what is to be pasted", () => {
  const long = { check: "port", name: "n".repeat(30), state: "ok", detail: "word ".repeat(60) } as const;
  for (const line of asText([...FINDINGS, long], coderSettings("s".repeat(90), true)).split("\n")) {
    assert.ok(line.length <= 100 || line.startsWith("CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT="), line);
  }
});

Deno.test("a set-up that is well says so, without an empty block of problems", () => {
  const text = asText([FINDINGS[0]!], CODER);
  assert.match(text, /^STATE .*\nok /);
  assert.match(text, /\n0 failed, 0 warnings, 0 notes$/);
});

Deno.test("for programs there is the same in the order in which it was looked at, with the numbers", () => {
  const { findings, coder, ...rest } = JSON.parse(asJson(FINDINGS, CODER));
  assert.deepEqual(rest, { ok: false, failed: 1, warnings: 1, notes: 2 });
  assert.deepEqual(findings.map(({ name }: { name: string }) => name), FINDINGS.map(({ name }) => name));
  assert.deepEqual(findings[0], {
    check: "settings",
    name: "PORT",
    state: "ok",
    detail: "8080 (default)",
    to_do: null,
  });
  assert.equal(findings[1].to_do, TODO);
  assert.deepEqual(coder, CODER);
  assert.equal(JSON.parse(asJson(FINDINGS.slice(0, 4), CODER)).ok, true, "a warning fails nothing");
  assert.ok(CHECKS.includes("public_url"));
});
