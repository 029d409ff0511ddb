import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readableNames } from "../../lib/config/variables.ts";
import { openFolder, run } from "../support/process.ts";
import { executable } from "../support/program.ts";

/** What `deno compile` writes into an executable about how it runs: the part of it that is asserted on. */
interface Metadata {
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly node_modules: unknown;
  readonly env_vars_from_env_file: unknown;
}

/** The last piece of JSON of that shape in the file; its length, 64 bits, stands before it. */
async function metadataOf(path: string): Promise<Metadata> {
  const file = Buffer.from(await Deno.readFile(path));
  const start = file.lastIndexOf('{"argv":[');
  assert.ok(start >= 8, `${path} was not made by deno compile`);
  const length = Number(file.readBigUInt64LE(start - 8));
  return JSON.parse(file.toString("utf8", start, start + length));
}

Deno.test("the executable may read the variables of the service, files and network, and asks for nothing more", async () => {
  const { permissions } = await metadataOf(executable());
  // allow_import is Deno's own default: hosts that code may be imported from, and nothing here imports at run time.
  const granted = Object.entries(permissions)
    .filter(([name, value]) => name !== "allow_import" && value !== null && value !== false);
  assert.deepEqual(Object.fromEntries(granted), {
    allow_env: readableNames(),
    allow_net: [], // an empty list: all of it
    allow_read: [],
    allow_write: [],
  });
  assert.equal(permissions.prompt, false);
});

Deno.test("nothing of npm's folders and of .env is in the executable", async () => {
  const { node_modules, env_vars_from_env_file } = await metadataOf(executable());
  assert.deepEqual({ node_modules, env_vars_from_env_file }, {
    node_modules: null,
    env_vars_from_env_file: {},
  });
});

Deno.test("the executable is at most 3 MB larger than one of an empty program", async () => {
  await using folder = await openFolder();
  const [program, empty] = [`${folder.path}/empty.js`, `${folder.path}/empty`];
  await Deno.writeTextFile(program, "");
  // DENO: the compiler that made the executable, when that is not the Deno that runs the tests.
  const compiler = Deno.env.get("DENO") || Deno.execPath();
  const { code, stderr } = await run([compiler, "compile", "--no-check", "--output", empty, program], {
    cwd: folder.path,
  });
  assert.equal(code, 0, stderr);
  const more = Deno.statSync(executable()).size - Deno.statSync(empty).size;
  assert.ok(more > 0 && more <= 3_000_000, `it is ${more} bytes larger`);
});
