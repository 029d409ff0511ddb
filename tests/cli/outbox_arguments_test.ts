import assert from "node:assert/strict";
import { parseArguments } from "../../lib/cli/arguments.ts";

const commands: readonly (readonly [line: string, command: Record<string, unknown>])[] = [
  ["list", { action: "list", which: "all", json: false }],
  ["list --dead", { action: "list", which: "dead", json: false }],
  ["list --pending --json", { action: "list", which: "pending", json: true }],
  ["--json list", { action: "list", which: "all", json: true }],
  ["show a", { action: "show", ids: ["a"] }],
  ["show 5a3d4b0d…", { action: "show", ids: ["5a3d4b0d"] }],
  ["drop a", { action: "drop", ids: ["a"] }],
  ["drop a b", { action: "drop", ids: ["a", "b"] }],
  ["replay a b", { action: "replay", what: { kind: "ids", ids: ["a", "b"] } }],
  ["replay --all", { action: "replay", what: { kind: "all" } }],
  ["replay --reason refused", { action: "replay", what: { kind: "reason", reason: "refused" } }],
  ["replay --reason expired", { action: "replay", what: { kind: "reason", reason: "expired" } }],
  ["replay --reason outcome_unknown", {
    action: "replay",
    what: { kind: "reason", reason: "outcome_unknown" },
  }],
];

for (const [line, command] of commands) {
  Deno.test(`outbox ${line} is understood`, () => {
    const expected = { kind: "outbox", ...command };
    assert.deepEqual(parseArguments(["outbox", ...line.split(" ")]), expected);
  });
}

const SEE = ": see 'coder-platformx outbox --help'";
const ONE_OF = `'outbox' needs one of list, show, replay, drop, schema${SEE}`;
const WHAT = `'outbox replay' needs ids, or --all alone, or --reason CODE alone${SEE}`;
const REASON =
  `'outbox replay --reason' needs one of refused, expired, outcome_unknown, and nothing else${SEE}`;

const mistakes: readonly (readonly [line: string, problem: string])[] = [
  ["", ONE_OF],
  ["lst", ONE_OF],
  ["toString", ONE_OF],
  ["schema a", `'outbox schema' takes no argument${SEE}`],
  ["list a", `'outbox list' takes no argument${SEE}`],
  ["list --dead --pending", `--dead and --pending exclude each other${SEE}`],
  ["list --all-of-them", `'outbox' has no option '--all-of-them'${SEE}`],
  ["show", `'outbox show' needs an id: 'outbox list' tells them${SEE}`],
  ["show a b", `'outbox show' takes one id${SEE}`],
  ["drop", `'outbox drop' needs an id: 'outbox list' tells them${SEE}`],
  ["drop --all ID", `'outbox drop' has no option '--all'${SEE}`],
  ["show --dead ID", `'outbox show' has no option '--dead'${SEE}`],
  ["replay --json ID", `'outbox replay' has no option '--json'${SEE}`],
  ["replay refused --reason", REASON],
  ["replay", WHAT],
  ["replay --all a", WHAT],
  ["replay --reason", REASON],
  ["replay --reason lost", REASON],
  ["replay --reason refused a", REASON],
  ["replay --reason refused --all", REASON],
];

for (const [line, problem] of mistakes) {
  Deno.test(`outbox ${line} is a usage error that says what to do`, () => {
    const args = line === "" ? [] : line.split(" ");
    assert.deepEqual(parseArguments(["outbox", ...args]), { kind: "usage", problem });
  });
}

Deno.test("outbox --help is help, wherever it stands", () => {
  assert.deepEqual(parseArguments(["outbox", "--help"]), { kind: "help", about: "outbox" });
  assert.deepEqual(parseArguments(["outbox", "drop", "a", "--help"]), { kind: "help", about: "outbox" });
  assert.deepEqual(parseArguments(["help", "outbox"]), { kind: "help", about: "outbox" });
});
