import assert from "node:assert/strict";
import { events } from "../../lib/cli/events.ts";
import { help } from "../../lib/cli/help.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { COMMAND_NAMES } from "../../lib/cli/arguments.ts";
import { DEFAULT_EVENTS_TRACKED } from "../../lib/coder/tracking.ts";
import { VERSION } from "../../lib/base/version.ts";
import { runProgram } from "../support/program.ts";

/** A terminal that keeps what it is told. */
function fakeTerminal() {
  const out: string[] = [];
  const err: string[] = [];
  return {
    terminal: {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      isTerminal: true,
    },
    out,
    err,
  };
}

Deno.test("events lists every notification in a row of its own, under a head", () => {
  const { terminal, out, err } = fakeTerminal();
  assert.equal(events(terminal, false), 0);
  assert.deepEqual(err, []);
  const [head, ...lines] = out.join("\n").split("\n");
  assert.match(head!, /^NOTIFICATION +WHOSE +IN CODER +DEFAULT +NOTE$/);
  assert.equal(lines.length, CATALOGUE.length);
  const columns = [...head!.matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index);
  for (const [i, { name, secret, person, offByDefault, note }] of CATALOGUE.entries()) {
    const cells = columns.map((from, column) => lines[i]!.slice(from, columns[column + 1]).trim());
    const whose = person === "none" ? "never a person" : person;
    const isDefault = DEFAULT_EVENTS_TRACKED.includes(name) ? "yes" : "";
    assert.deepEqual(cells, [name, secret ? "dropped" : whose, offByDefault ? "off" : "on", isDefault, note]);
  }
});

Deno.test("events --json is for programs: template ids and former names too", () => {
  const { terminal, out } = fakeTerminal();
  assert.equal(events(terminal, true), 0);
  const rows = JSON.parse(out.join("\n"));
  assert.deepEqual(rows.map(({ name }: { name: string }) => name), CATALOGUE.map(({ name }) => name));
  const rowOf = (name: string) => rows.find((row: { name: string }) => row.name === name);
  assert.deepEqual(Object.keys(rows[0]), [
    "name",
    "template_id",
    "other_names",
    "whose",
    "off_by_default",
    "tracked_by_default",
    "note",
  ]);
  const { note: _, ...created } = rowOf("Workspace Created");
  assert.deepEqual(created, {
    name: "Workspace Created",
    template_id: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
    other_names: [],
    whose: "owner",
    off_by_default: true,
    tracked_by_default: true,
  });
  assert.equal(rowOf("One-Time Passcode").whose, "none");
  assert.deepEqual(rowOf("Workspace Updated Automatically").other_names, [
    "Workspace updated automatically",
    "Workspace Automatically Updated",
  ]);
});

Deno.test("help names every command, and every command has help of its own", () => {
  const general = fakeTerminal();
  assert.equal(help(general.terminal, undefined), 0);
  for (const name of COMMAND_NAMES) {
    assert.ok(general.out.join("\n").includes(name), name);
    const about = fakeTerminal();
    assert.equal(help(about.terminal, name), 0);
    assert.ok(about.out.join("\n").startsWith(`coder-platformx ${name}`), name);
    assert.deepEqual(about.err, []);
  }
  assert.match(general.out.join("\n"), /Exit codes: 0 done, 1 failed, 2 usage or configuration/);
});

Deno.test("help is narrow enough for a terminal", () => {
  for (const about of [undefined, ...COMMAND_NAMES]) {
    const { terminal, out } = fakeTerminal();
    help(terminal, about);
    for (const line of out.join("\n").split("\n")) assert.ok(line.length <= 120, line);
  }
});

Deno.test("results are on standard output, problems on standard error, and the exit code tells which", async (t) => {
  const rows: [args: string[], code: number, stdout: RegExp, stderr: RegExp][] = [
    [["--version"], 0, new RegExp(`^coder-platformx ${VERSION.replaceAll(".", "\\.")}\n$`), /^$/],
    [["--help"], 0, /^coder-platformx: .*\n/, /^$/],
    [["explain", "--help"], 0, /^coder-platformx explain /, /^$/],
    [["events"], 0, /^NOTIFICATION .*\n(.*\n)*Workspace Created /, /^$/],
    [["events", "--json"], 0, /^\[\n/, /^$/],
    [["evnts"], 2, /^$/, /^'evnts' is not a command: did you mean 'events'\?\n$/],
    [["events", "--all"], 2, /^$/, /^'events' has no option '--all': see .*\n$/],
    [
      ["serve"],
      2,
      /^$/,
      /^The configuration has a problem:\n- GETDX_API_KEY must be set: .*\nRead from .*\n$/,
    ],
    [["healthcheck", "now"], 2, /^$/, /^'healthcheck' takes no argument/],
  ];
  for (const [args, code, stdout, stderr] of rows) {
    await t.step(args.join(" "), async () => {
      const ended = await runProgram(args);
      assert.equal(ended.code, code);
      assert.match(ended.stdout, stdout);
      assert.match(ended.stderr, stderr);
    });
  }
});

Deno.test("help, version and events need no configuration, not even a usable one", async (t) => {
  for (const command of ["--help", "--version", "events"]) {
    await t.step(command, async () => {
      const { code, stderr } = await runProgram([command], { environment: { PORT: "http" } });
      assert.deepEqual([code, stderr], [0, ""]);
    });
  }
});

Deno.test("a .env that cannot be read is a problem of the configuration", async () => {
  // With a directory of that name, whatever the rights of the user who runs the tests.
  for (const command of ["serve", "explain", "healthcheck"]) {
    const { code, stdout, stderr } = await runProgram([command], { directories: [".env"] });
    assert.deepEqual([code, stdout], [2, ""], command);
    assert.match(stderr, /^- \.env must be readable: it is a folder\. Correct that, or remove it$/m);
    assert.match(stderr, /; file with settings: \/.*\/\.env$/m);
  }
});
