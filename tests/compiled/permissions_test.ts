/** What the executable may do, tried in it; what is written in it is in `file_test.ts`. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PERMISSIONS } from "../../tools/permissions.ts";
import { type Ended, needs, onTerminal, openFolder } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { type Environment, executable } from "../support/program.ts";
import { runProgram } from "../support/service.ts";

const BUNDLE = fileOf("build/coder-platformx.mjs");
const PROBE = fileOf("tests/compiled/permissions_probe.js");

/** In the environment, under a name that the service does not read. */
const UNNAMED = "sentinel-of-another-program-7c1d";

/** One line of the probe. */
type Line = readonly [permission: string, name: string, became: string, message: string];

/** A folder, and in it the executable with the probe in the place of its own program; all else is as it was. */
async function withProbe(): Promise<AsyncDisposable & { readonly path: string; readonly program: string }> {
  const folder = await openFolder();
  const program = `${folder.path}/program`;
  const bytes = Buffer.from(await Deno.readFile(executable()));
  const own = Buffer.from(await Deno.readFile(BUNDLE));
  const at = bytes.indexOf(own);
  assert.notEqual(
    at,
    -1,
    "the executable does not hold build/coder-platformx.mjs as it is: compile it again",
  );
  assert.equal(bytes.indexOf(own, at + 1), -1, "the executable holds its program twice");
  const probe = Buffer.from(await Deno.readFile(PROBE));
  assert.ok(probe.length < own.length);
  bytes.fill(" ", at, at + own.length);
  probe.copy(bytes, at);
  await Deno.writeFile(program, bytes, { mode: 0o755 });
  return { ...folder, program };
}

/** A variable that is named, one that is not, and what Deno itself goes by. */
function environmentIn(folder: string): Environment {
  return { UNNAMED, PORT: "8080", NO_COLOR: "1", PATH: "/usr/bin:/bin", DENO_DIR: folder };
}

/** All that the probe printed; anything else on the way, such as a question, is a failure. */
function linesOf({ code, stdout, stderr }: Ended): readonly Line[] {
  assert.deepEqual([code, stderr], [0, ""], stdout);
  const lines = stdout.trim().split(/\r?\n/).map((line): Line => {
    assert.match(line, /^\[".*"\]$/);
    return JSON.parse(line);
  });
  assert.equal(lines.at(-1)?.[0], "end");
  return lines.slice(0, -1);
}

/** Who runs the probe. The flags are tried too, because `deno task start` runs the service by them. */
const RUNNERS = {
  "the executable": (program: string) => [program],
  "Deno with the same flags": () => [Deno.execPath(), "run", "--no-config", ...PERMISSIONS, PROBE],
};

/** Where the probe runs; on a terminal nobody answers a question. */
const PLACES = {
  "without a terminal": (words: readonly string[]) => words,
  "on a terminal": onTerminal,
};

for (const [runner, programOf] of Object.entries(RUNNERS)) {
  for (const [where, wrap] of Object.entries(PLACES)) {
    Deno.test(`${runner} cannot run programs, load native code, use sys or read other variables, and asks for nothing: ${where}`, async (t) => {
      await needs("script", "install Debian's package bsdutils");
      await using folder = await withProbe();
      const environment = environmentIn(folder.path);
      const program = programOf(folder.program);
      const lines = linesOf(await runProgram([folder.path], { program, environment, wrap }));
      for (const [permission, name, became, message] of lines) {
        await t.step(`${permission}: ${name}`, () => {
          switch (permission) {
            case "allowed":
              return assert.equal(became, "done", message);
            case "request":
              return assert.equal(became, "denied");
            case "import":
              // `deno run` quotes what it cannot parse: SECURITY.md says so.
              if (runner !== "the executable") return;
              assert.notEqual(became, "done");
              return assert.ok(!message.includes(UNNAMED), message);
            default:
              assert.equal(became, "NotCapable", message);
              assert.match(message, new RegExp(`^Requires (?:${permission}|env) access`));
          }
        });
      }
    });
  }
}

Deno.test("with all permissions none of these tries is stopped: the tests above show the permissions' work", async (t) => {
  await using folder = await openFolder();
  const program = [Deno.execPath(), "run", "--no-config", "--allow-all", PROBE];
  const ended = await runProgram([folder.path], { program, environment: environmentIn(folder.path) });
  for (const [permission, name, became] of linesOf(ended)) {
    await t.step(`${permission}: ${name}`, () => {
      if (permission === "request") assert.equal(became, "granted");
      else assert.notEqual(became, "NotCapable");
    });
  }
});

for (const [runner, programOf] of Object.entries(RUNNERS)) {
  Deno.test(`a worker with permissions of its own ends the process before it begins: ${runner}`, async () => {
    await using folder = await withProbe();
    const [program, environment] = [programOf(folder.program), environmentIn(folder.path)];
    const { code, stdout, stderr } = await runProgram([folder.path, "worker"], { program, environment });
    assert.deepEqual([code, stdout], [70, ""]);
    assert.match(stderr, /^Unstable API 'Worker.deno.permissions'/);
  });
}
