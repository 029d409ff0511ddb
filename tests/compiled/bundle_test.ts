import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bundledPackages, nameAndVersion } from "../../tools/bundled_packages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("the executable holds the packages of its bill of materials, and no other", async () => {
  // `deno task compile` bundles first, and the bundler names each file that it takes.
  const bundle = await Deno.readTextFile(`${ROOT}/build/coder-platformx.js`);
  const files = bundle.matchAll(/^\/\/ .*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*)\//gm);
  const packages = new Set(
    [...files].map(([, name = "", version = ""]) => nameAndVersion({ name, version })),
  );
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.lock`));
  const listed = await bundledPackages(`${ROOT}/main.ts`, lock);
  assert.deepEqual([...packages].sort(), listed.map(nameAndVersion));
});
