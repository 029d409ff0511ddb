import assert from "node:assert/strict";
import { run } from "./process.ts";
import { machine } from "./program.ts";
import { runProgram, type Starting, startProgram } from "./service.ts";

/** A server that answers with its environment, and does not mind a log that cannot be written. */
const SERVER = `
  const log = (text) => {
    try {
      console.log(text);
      console.error("an error");
    } catch {}
  };
  const [hostname, port] = [Deno.env.get("HOST"), Number(Deno.env.get("PORT"))];
  const onListen = ({ port }) => log('{"event":"listening","url":"http://127.0.0.1:' + port + '/"}');
  Deno.serve({ hostname, port, onListen }, () => Response.json(Deno.env.toObject()));
  Deno.addSignalListener("SIGINT", () => Deno.exit(7));
  Deno.addSignalListener("SIGTERM", () => Deno.exit(8));
`;

/** What Deno 2.9 sets in its own environment, and what a shell does that closes or redirects an output. */
const ADDED = ["PATH", "DENO_NODE_SHIM_ACTIVE", "PWD", "OLDPWD", "SHLVL", "_"];

const WAYS: readonly (readonly [how: string, options: Starting, code: number])[] = [
  ["in the usual way", {}, 8],
  ["inside another program", { wrap: (commandLine) => ["nice", ...commandLine] }, 8],
  ["on a terminal", { terminal: true }, 7],
  ["with its output in a file", { stdout: { file: "log" }, stderr: { file: "log" } }, 8],
  ["with its output on a full disk", { stdout: { file: "/dev/full" }, stderr: { file: "/dev/full" } }, 8],
  ["with its output closed", { stdout: "closed", stderr: "closed" }, 8],
  ["with its output unread", { stdout: "unread", stderr: "unread" }, 8],
  ["with its output thrown away", { stdout: "null", stderr: "null" }, 8],
];

for (const [how, options, code] of WAYS) {
  Deno.test(`started ${how}, a program has the environment that it is given, and ends when it is told`, async () => {
    await using program = await startProgram({
      ...options,
      program: [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-config", "server.js"],
      environment: { GIVEN: "with 'quotes' and spaces", NO_COLOR: "1" },
      files: { "server.js": SERVER },
    });
    const { HOST, PORT, GIVEN, ...rest } = await program.health();
    assert.deepEqual([HOST, GIVEN], ["127.0.0.1", "with 'quotes' and spaces"]);
    assert.equal(PORT, options.stdout === undefined ? "0" : String(program.port));
    const more = Object.keys(rest).filter((name) => !(name in machine() || ADDED.includes(name)));
    assert.deepEqual(more, ["NO_COLOR"]);
    assert.equal((await program.stop()).code, code, program.child.told);
    assert.equal(program.stdout.includes("listening"), options.stdout === undefined);
    const log = await Deno.readTextFile(`${program.directory}/log`).catch(() => "");
    assert.equal(/listening[^]*an error/.test(log), how.endsWith("in a file"), log);
  });
}

Deno.test("a program that does not listen is an error that holds what it said", async () => {
  const program = [Deno.execPath(), "run", "--quiet", "--no-config", "fails.js"];
  const files = { "fails.js": 'console.error("for a reason"); Deno.exit(3);' };
  await assert.rejects(startProgram({ program, files }), /does not listen[^]*for a reason/);
  const { code, stderr } = await runProgram([], { program, files });
  assert.deepEqual([code, stderr], [3, "for a reason\n"]);
});

Deno.test("a closed output is closed: Deno and Node.js open it anew, to nowhere, but a shell does not", async () => {
  // The words differ from shell to shell.
  const { stderr } = await run(["sh", "-c", "echo a || echo it failed >&2"], { stdout: "closed" });
  assert.match(stderr, /it failed\n$/);
});
