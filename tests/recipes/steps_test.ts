/** The steps of recipes fit together: what they make, copy and change is what later steps use. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { exists, read } from "../support/files.ts";
import { run } from "../support/process.ts";
import { fencedBlocks, recipeFiles } from "./read.ts";

/** Lines of the commands in each recipe's README. */
const LINES = recipeFiles().filter(({ path }) => path.endsWith("README.md")).flatMap(({ path, text }) =>
  fencedBlocks(text).filter((block) => block.path === "block.sh").flatMap((block) =>
    block.text.split("\n").map((line) => ({ path, line }))
  )
);

/** A line break that ends a secret: Prometheus, given such a value inline, sends no request at all. */
const WITH_LINE_BREAK = /(?<!\$\()\bopenssl rand\b(?!.*\| tr -d '\\n')|\becho\b.*>.*(?:secret|key)/;

Deno.test("recipes make secrets without a line break at the end", async (t) => {
  assert.ok(LINES.filter(({ line }) => line.includes("openssl rand")).length >= 8);
  for (const { path, line } of LINES.filter(({ line }) => WITH_LINE_BREAK.test(line))) {
    await t.step(path, () => assert.fail(line));
  }
  for (const line of ["openssl rand -hex 32 > secrets/a", 'echo "$key" > "$secrets/getdx-api-key"']) {
    await t.step(`it would see ${line}`, () => assert.match(line, WITH_LINE_BREAK));
  }
});

/** A path, not the target of a link. */
const RELATIVE = /(?<![\w./(])(?:\.\.\/)+[\w./-]*\w/g;

Deno.test("paths in commands lead from the recipe's folder to what is there, or is built", async (t) => {
  const used = LINES.flatMap(({ path, line }) =>
    [...line.matchAll(RELATIVE)].map(([to]) => join(path, "..", to))
  );
  assert.ok(used.length >= 8);
  for (const path of new Set(used.filter((path) => !path.startsWith("build/")))) {
    await t.step(path, () => assert.ok(exists(path)));
  }
});

const ON_KUBERNETES = ["deploy/kubernetes", "deploy/kubernetes_postgres"] as const;

Deno.test("the copy for Kubernetes has every folder that its commands and manifests name", () => {
  const copied = LINES.flatMap(({ line }) => /^cp -r (.+) relay$/.exec(line)?.[1]?.split(" ") ?? []);
  assert.ok(copied.length > 0);
  const named = recipeFiles().filter(({ path }) => copied.some((folder) => path.startsWith(`${folder}/`)))
    .flatMap(({ path, text }) => [...text.matchAll(RELATIVE)].map(([to]) => join(path, "..", to)))
    .filter((path) => path.startsWith("deploy/"));
  assert.ok(named.length >= 8);
  assert.deepEqual(named.filter((path) => !copied.some((folder) => `${path}/`.startsWith(`${folder}/`))), []);
  assert.deepEqual(ON_KUBERNETES.filter((folder) => !copied.includes(folder)), []);
});

for (const folder of ON_KUBERNETES) {
  Deno.test(`the step that names the image changes the file of ${folder}`, async () => {
    const path = `${folder}/README.md`;
    const commands = LINES.filter((one) => one.path === path).map(({ line }) => line);
    const at = commands.findIndex((line) => line.startsWith("sed -i "));
    const [, folderBefore] = /^cd (\S+)$/.exec(commands[at - 1] ?? "") ?? [];
    assert.equal(folderBefore?.split("/").at(-1), folder.split("/").at(-1));
    const [, script, file] = /^sed -i '([^']+)' (\S+)/.exec(commands[at]!) ?? [];
    const { stdout } = await run(["sed", script!], { stdin: read(`${folder}/${file}`) });
    assert.match(stdout, /newName: registry\.example\.com\/team\/coder-platformx /);
    assert.ok(!stdout.includes("OWNER"));
  });
}

Deno.test("a pod has as many connections to PostgreSQL as the recipe says", () => {
  const text = read("deploy/kubernetes_postgres/README.md").replace(/\s+/g, " ");
  const [, each, update] = /a pod has at most (\d+) to the database, so (\d+) during an update/.exec(text) ??
    [];
  const [, most] = /\bmax: (\d+),/.exec(read("lib/outbox/postgres/connection.ts")) ?? [];
  const [replicas, surge] = [/replicas: (\d+)/, /maxSurge: (\d+)/].map((pattern) =>
    Number(pattern.exec(read("deploy/kubernetes_postgres/deployment.yaml"))?.[1])
  );
  assert.deepEqual([Number(each), Number(update)], [Number(most), Number(most) * (replicas! + surge!)]);
});
