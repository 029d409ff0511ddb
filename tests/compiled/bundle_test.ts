import assert from "node:assert/strict";
import { bundledPackages, nameAndVersion } from "../../tools/bundled_packages.ts";
import { fileOf } from "../support/files.ts";
import { openFolder, succeed } from "../support/process.ts";

Deno.test("the executable holds the packages of its bill of materials, and no other", async () => {
  // What `deno task compile` bundles, before it is minified: the bundler names each file that it takes.
  await using folder = await openFolder();
  const [main, output] = [fileOf("main.ts"), `${folder.path}/bundle.js`];
  await succeed([
    Deno.execPath(),
    "bundle",
    "--quiet",
    "--config",
    fileOf("deno.json"),
    "--platform=deno",
    `--output=${output}`,
    main,
  ]);
  const bundle = await Deno.readTextFile(output);
  const files = bundle.matchAll(/^\/\/ .*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*)\//gm);
  const packages = new Set(
    [...files].map(([, name = "", version = ""]) => nameAndVersion({ name, version })),
  );
  const lock = JSON.parse(await Deno.readTextFile(fileOf("deno.lock")));
  const listed = await bundledPackages(main, lock);
  assert.deepEqual([...packages].sort(), listed.map(nameAndVersion));
});
