/** Dependabot finds what it is told to look after, and Deno is the same everywhere. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import manifest from "../../deno.json" with { type: "json" };
import { succeed } from "../support/process.ts";
import { fileOf, read } from "../support/files.ts";

interface Update {
  readonly "package-ecosystem": string;
  readonly directory?: string;
  readonly directories?: readonly string[];
}

const UPDATES: readonly Update[] = parse(read(".github/dependabot.yml")).updates;

/** What a kind of proposal needs to find in a directory: a pattern of the file that it reads. */
const FOUND: Readonly<Record<string, readonly [file: string, pattern: RegExp]>> = {
  "github-actions": [".github/workflows/ci.yml", /uses: \S+@[0-9a-f]{40} # v\d/],
  deno: ["deno.json", /"npm:[^"]+@\d/],
  // It reads a name and a version in FROM, and nothing that an ARG holds.
  docker: ["Dockerfile", /^FROM (--platform=\S+ )?[\w./-]+:\d/m],
};

Deno.test("each of Dependabot's directories holds a version that it can renew", () => {
  assert.deepEqual(
    UPDATES.map((update) => update["package-ecosystem"]).toSorted(),
    Object.keys(FOUND).toSorted(),
  );
  for (const { "package-ecosystem": kind, directory, directories = [directory] } of UPDATES) {
    const [file, pattern] = FOUND[kind]!;
    for (const place of directories) assert.match(read(`.${place}/${file}`), pattern, `${kind} in ${place}`);
  }
});

Deno.test("packages stand in deno.json with their whole versions, so that each renewal is a proposal", () => {
  for (const [name, from] of Object.entries(manifest.imports)) {
    assert.match(from, /^npm:.+@\d+\.\d+\.\d+$/, name);
  }
});

Deno.test("Deno has one version in the Dockerfile, scripts, tools, workflows and documents", async () => {
  const [, version] = /denoland\/deno:([\d.]+)/.exec(read("Dockerfile")) ?? [];
  const files = (await succeed(["git", "ls-files", "-z"], { cwd: fileOf("") })).split("\0").filter((file) =>
    /(\.(md|yml|yaml|json)|^Dockerfile|^\.ci\/run|^tools\/(?!test_oldest\b).+\.ts)$/.test(file)
  );
  const named = files.flatMap((file) =>
    [...read(file).matchAll(/(?:deno@|denoland\/deno:)(\d[\d.]*\d)/g)].map(([, other]) => `${file}: ${other}`)
  );
  assert.ok(named.length > 10, named.join("\n"));
  assert.deepEqual(named.filter((place) => !place.endsWith(`: ${version}`)), []);
});
