import assert from "node:assert/strict";
import { VERSION } from "../../lib/base/version.ts";
import { freePort } from "../support/process.ts";
import { runProgram, startProgram } from "../support/service.ts";

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
  for (const command of ["--help", "--version"]) {
    await t.step(command, async () => {
      const { code, stderr } = await runProgram([command], { environment: { PORT: "http" } });
      assert.deepEqual([code, stderr], [0, ""]);
    });
  }
  await t.step("events, which marks what is tracked now", async () => {
    const row = async (environment: Record<string, string>) => {
      const { code, stdout, stderr } = await runProgram(["events"], { environment });
      assert.equal(code, 0);
      return { stderr, cells: /^Workspace Deleted .*/m.exec(stdout)?.[0].split(/ {2,}/).slice(1, 4) };
    };
    const tracked = await row({ EVENTS_TRACKED: "workspace deleted" });
    assert.deepEqual(tracked, { stderr: "", cells: ["recipient", "on", "yes"] });
    const { cells, stderr } = await row({ EVENTS_TRACKED: "workspace deletd" });
    assert.deepEqual(cells, ["recipient", "on", "?"]);
    assert.match(stderr, /did you mean 'Workspace Deleted'\?\n(.*\n)*So it is not known what is tracked now/);
  });
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

Deno.test("a reader that has seen enough ends no command, and a result that is lost is an error", async (t) => {
  const body = JSON.stringify({ msg_id: "m", payload: { notification_name: "Workspace Created" } });
  const environment = { DRY_RUN: "true", HOST: "127.0.0.1", PORT: String(freePort()) };
  const commands = [["events"], ["events", "--json"], ["explain", "body.json"], ["check"], [
    "check",
    "--json",
  ], ["--help"]];
  for (const args of commands) {
    await t.step(args.join(" "), async () => {
      const files = { "body.json": body };
      // The reader has gone before the program writes; what the shell adds is the program's exit code.
      const piped = await runProgram(args, {
        environment,
        files,
        wrap: (line) => ["sh", "-c", '{ "$@"; echo "exit code $?" >&2; } | :', "sh", ...line],
      });
      assert.equal(piped.stderr, "exit code 0\n");
      const full = await runProgram(args, { environment, files, stdout: { file: "/dev/full" } });
      assert.deepEqual([full.code, full.stderr], [
        1,
        "The result could not be written: see whether the disk is full\n",
      ]);
    });
  }
});

Deno.test("healthcheck asks where the service listens, whatever the address", async (t) => {
  for (const HOST of ["127.0.0.1", "0.0.0.0", "::", "[::]", "::1", "localhost"]) {
    await t.step(HOST, async () => {
      await using program = await startProgram({ environment: { DRY_RUN: "true", HOST } });
      const environment = { HOST, PORT: String(program.port) };
      const { code, stdout, stderr } = await runProgram(["healthcheck"], { environment });
      assert.deepEqual([code, stdout, stderr], [0, "ok\n", ""]);
      const full = await runProgram(["healthcheck"], { environment, stdout: { file: "/dev/full" } });
      assert.equal(full.code, 0, "its result is the exit code");
    });
  }
  await t.step("with HOST=:: over IPv4 too", async () => {
    await using program = await startProgram({ environment: { DRY_RUN: "true", HOST: "::" } });
    for (const HOST of ["127.0.0.1", "::1"]) {
      const environment = { HOST, PORT: String(program.port) };
      assert.equal((await runProgram(["healthcheck"], { environment })).code, 0, HOST);
    }
  });
  await t.step("and says where nothing answers", async () => {
    const PORT = String(freePort());
    const { code, stdout, stderr } = await runProgram(["healthcheck"], { environment: { HOST: "::", PORT } });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^Nothing answers at \\[::1\\]:${PORT}: is the service running`));
  });
});
