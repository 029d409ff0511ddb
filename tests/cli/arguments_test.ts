import assert from "node:assert/strict";
import fc from "fast-check";
import { type Command, COMMAND_NAMES, parseArguments } from "../../lib/cli/arguments.ts";
import { anyText } from "../support/fakes.ts";

const COMMANDS: readonly (readonly [args: string, command: Command])[] = [
  ["", { kind: "serve" }],
  ["serve", { kind: "serve" }],
  ["events", { kind: "events", json: false }],
  ["events --json", { kind: "events", json: true }],
  ["events --json --json", { kind: "events", json: true }],
  ["explain", { kind: "explain", file: "-", ask: false, json: false }],
  ["explain -", { kind: "explain", file: "-", ask: false, json: false }],
  ["explain --json", { kind: "explain", file: "-", ask: false, json: true }],
  ["explain body.json", { kind: "explain", file: "body.json", ask: false, json: false }],
  ["explain body.json --json", { kind: "explain", file: "body.json", ask: false, json: true }],
  ["explain --json body.json", { kind: "explain", file: "body.json", ask: false, json: true }],
  ["explain body.json --ask", { kind: "explain", file: "body.json", ask: true, json: false }],
  ["explain --json -", { kind: "explain", file: "-", ask: false, json: true }],
  ["healthcheck", { kind: "healthcheck" }],
  ["--help", { kind: "help", about: undefined }],
  ["-h", { kind: "help", about: undefined }],
  ["help", { kind: "help", about: undefined }],
  ["help explain", { kind: "help", about: "explain" }],
  ["--help events", { kind: "help", about: "events" }],
  ["serve --help", { kind: "help", about: "serve" }],
  ["explain body.json -h", { kind: "help", about: "explain" }],
  ["healthcheck --nonsense --help", { kind: "help", about: "healthcheck" }],
  ["help config", { kind: "help", about: "config" }],
  ["--env-file my.env", { kind: "serve", envFile: "my.env" }],
  ["--env-file=my.env check --json", {
    kind: "check",
    sendTestEvent: undefined,
    publicUrl: undefined,
    showSecrets: false,
    json: true,
    envFile: "my.env",
  }],
  ["explain --env-file my.env body.json", {
    kind: "explain",
    file: "body.json",
    ask: false,
    json: false,
    envFile: "my.env",
  }],
  ["outbox show --env-file my.env a", { kind: "outbox", action: "show", ids: ["a"], envFile: "my.env" }],
  ["--version", { kind: "version" }],
  ["-V", { kind: "version" }],
];

Deno.test("arguments make the command that the operator means", async (t) => {
  for (const [args, command] of COMMANDS) {
    await t.step(args || "(none)", () => {
      assert.deepEqual(parseArguments(args === "" ? [] : args.split(" ")), command);
    });
  }
});

Deno.test("arguments that make no command say what is wrong and where to look", async (t) => {
  const rows: [args: string[], words: RegExp][] = [
    [["start"], /^'start' is not a command: use one of serve, check, events, explain, healthcheck, outbox$/],
    [["srve"], /^'srve' is not a command: did you mean 'serve'\?$/],
    [["help", "evnets"], /^'evnets' is not a command: did you mean 'events'\?$/],
    [["a\u001b[2J"], /^'a\\u\{1b\}\[2J' is not a command/],
    [["x".repeat(1000)], /^'x{59}…' is not a command/],
    [["events", "--jsno"], /^'events' has no option '--jsno': did you mean '--json'\?$/],
    [["check", "--send-test-evnt", "a@b.c"], /has no option .* did you mean '--send-test-event'\?/],
    [["check", "--env-fil", "x"], /did you mean '--env-file'\?/],
    [["serve", "--\u202e"], /^'serve' has no option '--\\u\{202e\}'/],
    [["--env-file"], /^'--env-file' needs a file: write --env-file FILE/],
    [["check", "--env-file", "--json"], /^'--env-file' needs a file/],
    [["check", "--env-file="], /^'--env-file' needs a file/],
    [["--env-file", "a", "--env-file", "b"], /^'--env-file' is given twice/],
    [["SERVE"], /^'SERVE' is not a command/],
    [[""], /^'' is not a command/],
    [["--json"], /^'--json' is not a command/],
    [["toString"], /^'toString' is not a command/],
    [["__proto__"], /^'__proto__' is not a command/],
    [["help", "nothing"], /^'nothing' is not a command/],
    [["serve", "--port"], /^'serve' has no option '--port': see 'coder-platformx serve --help'$/],
    [["serve", "--json"], /^'serve' has no option '--json'/],
    [["serve", "now"], /^'serve' takes no argument: see /],
    [["events", "all"], /^'events' takes no argument/],
    [["events", "-j"], /^'events' has no option '-j'/],
    [["explain", "a", "b"], /^'explain' takes one argument: see 'coder-platformx explain --help'$/],
    [["explain", "-", "-"], /^'explain' takes one argument/],
    [["explain", "--json=true"], /^'explain' has no option '--json=true'/],
    [["healthcheck", "8080"], /^'healthcheck' takes no argument/],
  ];
  for (const [args, words] of rows) {
    await t.step(JSON.stringify(args), () => {
      const parsed = parseArguments(args);
      assert.equal(parsed.kind, "usage");
      assert.match("problem" in parsed ? parsed.problem : "", words);
    });
  }
});

Deno.test("every command has help and nothing else does", () => {
  for (const name of COMMAND_NAMES) {
    assert.deepEqual(parseArguments(["help", name]), { kind: "help", about: name });
  }
  assert.deepEqual(COMMAND_NAMES, ["serve", "check", "events", "explain", "healthcheck", "outbox"]);
});

Deno.test("property: no arguments make it throw", () => {
  const word = fc.oneof(fc.constantFrom(...COMMAND_NAMES, "--json", "-h", "-", "--help"), anyText(12));
  fc.assert(fc.property(fc.array(word, { maxLength: 4 }), (args) => {
    const { kind } = parseArguments(args);
    assert.ok([...COMMAND_NAMES, "help", "version", "usage"].includes(kind));
  }));
});
