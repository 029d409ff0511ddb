/** Every deployment recipe agrees with the service: names, values, ports, paths; and the table of recipes is true. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { exists, fileOf, read } from "../support/files.ts";
import { run } from "../support/process.ts";
import { OTHERS, problemsOf } from "./check.ts";
import { documentsOf, environmentsOf, fencedBlocks, isRecord, recipeFiles } from "./read.ts";
import { linkProblems, tableProblems } from "./table.ts";

const FILES = recipeFiles();
const TABLE = "deploy/README.md";

Deno.test("recipes name variables, values, ports and paths that the service has", async (t) => {
  for (const file of FILES) {
    await t.step(file.path, () => assert.deepEqual(problemsOf(file), []));
  }
});

Deno.test("settings are found in recipes: the tests above compare something", async (t) => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    "Dockerfile": ["DENO_USE_CGROUPS"],
    "compose.yaml": ["OUTBOX", "GETDX_API_KEY_FILE"],
    "deploy/kubernetes/statefulset.yaml": ["OUTBOX", "GETDX_API_KEY_FILE"],
    "deploy/systemd/coder-platformx.service": ["OUTBOX", "GETDX_API_KEY_FILE"],
    "deploy/cloud_run/service.yaml": ["GETDX_API_KEY_FILE", "WEBHOOK_SECRET", "SHUTDOWN_GRACE"],
    "deploy/lambda/Dockerfile": ["SHUTDOWN_GRACE"],
    "deploy/lambda/environment.json": ["GETDX_API_KEY", "WEBHOOK_SECRET", "GETDX_RATE_LIMIT"],
    "deploy/heroku/README.md": ["GETDX_API_KEY", "WEBHOOK_SECRET"],
    "deploy/deno_deploy/README.md": ["GETDX_API_KEY", "DRY_RUN"],
  };
  for (const [path, names] of Object.entries(expected)) {
    await t.step(path, () => {
      const file = FILES.find((one) => one.path === path);
      assert.ok(file !== undefined);
      const found = environmentsOf(file).flatMap(({ settings }) => [...settings.keys()]);
      assert.deepEqual(names.filter((name) => !found.includes(name)), []);
    });
  }
});

Deno.test("every exception for a variable of others is needed", async (t) => {
  const used = FILES.flatMap((file) =>
    environmentsOf(file).flatMap(({ settings }) =>
      [...settings.keys()].map((name) => ({ name, path: file.path }))
    )
  );
  for (const { name, where, because } of OTHERS) {
    await t.step(because, () => assert.ok(used.some((one) => name.test(one.name) && where.test(one.path))));
  }
});

Deno.test("the table of recipes has every folder, and names tasks and tests that exist", () => {
  const folders = [...Deno.readDirSync(fileOf("deploy"))]
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  assert.deepEqual(tableProblems(read(TABLE), { folders, tasks: manifest.tasks, exists }), []);
});

Deno.test("relative links in recipes lead somewhere", async (t) => {
  for (const file of FILES.filter(({ path }) => path.endsWith(".md"))) {
    await t.step(file.path, () => assert.deepEqual(linkProblems(file, { exists, read }), []));
  }
});

Deno.test("bash can read the commands in recipes", async (t) => {
  for (const { path, text } of FILES.filter(({ path }) => path.endsWith(".md"))) {
    for (
      const [i, { text: commands }] of fencedBlocks(text).filter((block) => block.path === "block.sh")
        .entries()
    ) {
      await t.step(`${path}, block ${i + 1}`, async () => assert.equal(await whyUnreadable(commands), ""));
    }
  }
  await t.step(
    "it would see a quote that is not closed",
    async () => assert.notEqual(await whyUnreadable("echo 'a"), ""),
  );
});

/** What bash says to commands, without running them; nothing: they can be read. */
async function whyUnreadable(commands: string): Promise<string> {
  return (await run(["bash", "-n", "-c", commands])).stderr;
}

Deno.test("whoever pastes a block of commands is not asked in the middle of it", async (t) => {
  for (const { path, text } of FILES.filter(({ path }) => path.endsWith(".md"))) {
    // What was pasted after it would be taken as the answer.
    const asking = fencedBlocks(text).filter((block) => /^read [^\n]*\n[^]*\S/m.test(block.text));
    await t.step(path, () => assert.deepEqual(asking, []));
  }
});

Deno.test("recipes name the image of this version", async (t) => {
  for (const { path, text } of FILES) {
    const versions = [...text.matchAll(/\bcoder-platformx:v?(\d+\.\d[\w.-]*)/g)].map(([, version]) =>
      version
    );
    await t.step(
      path,
      () => assert.deepEqual(versions.filter((version) => version !== manifest.version), []),
    );
  }
});

/** What Docker's older builder, which Heroku uses, does not know. */
const BUILDKIT =
  /^\s*(?:(?:RUN|COPY|ADD)\s+(?:--\S+\s+)*--(?:mount|chmod|link|parents|security|network)\b|RUN\s+<<)/m;

Deno.test("Heroku builds a Dockerfile without BuildKit", async (t) => {
  const [manifestOfHeroku] = documentsOf(read("heroku.yml"));
  assert.ok(
    isRecord(manifestOfHeroku) && isRecord(manifestOfHeroku.build) && isRecord(manifestOfHeroku.build.docker),
  );
  const path = String(manifestOfHeroku.build.docker.web);
  await t.step(path, () => assert.doesNotMatch(read(path), BUILDKIT));
  for (
    const line of [
      "COPY --chmod=755 a /b",
      "COPY --from=a --chmod=755 a /b",
      "RUN --mount=type=cache,target=/x a",
    ]
  ) {
    await t.step(`it would see ${line}`, () => assert.match(`FROM a\n${line}\n`, BUILDKIT));
  }
});
