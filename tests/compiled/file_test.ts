import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readableNames } from "../../lib/config/variables.ts";
import { PERMISSIONS } from "../../tools/permissions.ts";
import { openFolder, run } from "../support/process.ts";
import { executable } from "../support/program.ts";

/** What `deno compile` writes into an executable about how it runs: the part of it that is asserted on. */
interface Metadata {
  readonly argv: readonly string[];
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly node_modules: unknown;
  readonly env_vars_from_env_file: unknown;
  readonly unsafely_ignore_certificate_errors: unknown;
  readonly unstable_config: { readonly features: readonly string[] };
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
  const granting = ["--allow-net", "--allow-read", "--allow-write", `--allow-env=${readableNames()}`];
  assert.deepEqual(PERMISSIONS, ["--no-prompt", ...granting], "and 'deno task start' the same");
});

Deno.test("nothing else is baked in: arguments, npm's folders, .env, certificates that are not checked", async () => {
  const { permissions: _, unstable_config, ...metadata } = await metadataOf(executable());
  const { argv, node_modules, env_vars_from_env_file, unsafely_ignore_certificate_errors } = metadata;
  assert.deepEqual([argv, node_modules, env_vars_from_env_file], [[], null, {}]);
  assert.equal(unsafely_ignore_certificate_errors, null);
  assert.deepEqual(unstable_config.features, []);
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
