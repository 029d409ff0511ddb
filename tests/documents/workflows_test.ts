import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { run } from "../support/process.ts";
import { fileOf, read } from "../support/files.ts";
import { cellsOf } from "./markdown.ts";
import { steps, workflows } from "./workflows.ts";

const FILES = workflows();

Deno.test("there are two workflows: for every change, and for a tag", () => {
  assert.deepEqual([...FILES.keys()], ["ci.yml", "release.yml"]);
  assert.deepEqual(FILES.get("ci.yml")?.on, {
    push: { branches: ["main"] },
    pull_request: null,
    workflow_call: null,
  });
  assert.deepEqual(FILES.get("release.yml")?.on, { push: { tags: ["v*"] } });
});

Deno.test("a job may do what it needs, and no more", () => {
  const granted = [...FILES].map(([file, { permissions, jobs }]) => {
    assert.deepEqual(permissions, {}, `${file} grants something to all jobs`);
    return [file, Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))];
  });
  const contents = "read";
  const signs = { "id-token": "write", attestations: "write" };
  assert.deepEqual(Object.fromEntries(granted), {
    "ci.yml": { check: { contents }, unit: { contents } },
    "release.yml": {
      check: { contents },
      about: { contents },
      executables: { contents },
      image: { contents, packages: "write", ...signs },
      publish: { contents: "write", ...signs },
    },
  });
});

Deno.test("every job ends some time, on a machine that is named", () => {
  for (const [file, { jobs, concurrency }] of FILES) {
    assert.ok(concurrency, file);
    for (
      const [name, { uses, "timeout-minutes": minutes, "runs-on": runner, strategy }] of Object.entries(jobs)
    ) {
      if (uses !== undefined) continue;
      const where = `${file}: ${name}`;
      assert.ok(minutes !== undefined && minutes <= 60, where);
      const { matrix } = strategy ?? {};
      const runners = matrix === undefined
        ? [runner]
        : [...matrix.runner ?? [], ...matrix.include?.map((row) => row.runner) ?? []];
      assert.ok(runners.length > 0, where);
      for (const each of runners) assert.match(each ?? "", /^(ubuntu|macos|windows)-\d/, where);
    }
  }
});

Deno.test("every action is pinned to a commit that docs/releasing.md says was read", () => {
  const documented = read("docs/releasing.md").split("\n").filter((line) => /`[0-9a-f]{40}`/.test(line)).map(
    cellsOf,
  );
  const listed = new Map(documented.map(([action, version, commit]) => [action, `${commit} ${version}`]));
  const used = new Map<string | undefined, string>();
  for (const [file, { text }] of FILES) {
    for (const [line] of text.matchAll(/^.*\buses:.*$/gm)) {
      if (line.includes("uses: ./")) continue;
      const [, action, commit, version] =
        /uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(line) ??
          assert.fail(`${file}: not pinned: ${line}`);
      used.set(action, `\`${commit}\` ${version}`);
      assert.equal(used.get(action), listed.get(action), `${file}: ${line}`);
    }
  }
  assert.deepEqual([...used.keys()].sort(), [...listed.keys()].sort());
});

Deno.test("no token stays in a checkout", () => {
  const checkouts = steps().filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
  assert.ok(checkouts.length > 0);
  for (const { where, step } of checkouts) assert.equal(step.with?.["persist-credentials"], false, where);
});

Deno.test("no script is put together from what others may have written", () => {
  const scripts = steps().flatMap(({ where, step: { run } }) => run === undefined ? [] : [{ where, run }]);
  assert.ok(scripts.length > 0);
  for (const { where, run } of scripts) assert.doesNotMatch(run, /\$\{\{/, where);
});

Deno.test("one version of Deno is named, and it is not one whose executables crash", () => {
  const files = [...FILES].map(([name]) => `.github/workflows/${name}`);
  const named = [".ci/run", "README.md", "docs/releasing.md", ...files].map((path) => {
    const versions = new Set([...read(path).matchAll(/\bdeno@([\w.]+)/g)].map(([, version]) => version));
    return [path, [...versions]] as const;
  });
  const [version = ""] = named[0]?.[1] ?? [];
  for (const [path, versions] of named) assert.deepEqual(versions, [version], path);
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  assert.ok(major === 2 && (minor > 9 || (minor === 9 && patch >= 2)), version);
});

Deno.test("every task that a workflow runs exists", () => {
  const tasks = steps().flatMap(({ where, step }) =>
    [...step.run?.matchAll(/deno@\S+ (?:task (\S+))?/g) ?? []].map(([, task]) => ({ where, task }))
  );
  assert.deepEqual(
    new Set(tasks.map(({ task }) => task)),
    new Set(["suite", "compile", "release"]),
  );
  for (const { where, task } of tasks) assert.ok(Object.hasOwn(manifest.tasks, task ?? ""), where);
});

Deno.test("CI on Linux is the script that anyone can run", () => {
  assert.deepEqual(FILES.get("ci.yml")?.jobs["check"]?.steps?.at(-1), { run: "sudo .ci/run" });
});

Deno.test("executables are released for every target that Deno has", async () => {
  const { stderr } = await run([Deno.execPath(), "compile", "--target=none", "main.ts"], {
    cwd: fileOf(""),
    environment: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  const [, targets = ""] = /possible values: ([^\n\]]+)/.exec(stderr) ?? [];
  const rows = FILES.get("release.yml")?.jobs["executables"]?.strategy?.matrix.include ?? [];
  assert.deepEqual(rows.map(({ target }) => target).sort(), targets.split(", ").sort());
  assert.equal(rows.length, 6);
});

Deno.test("every executable is made where it can be started", () => {
  const machines: Readonly<Record<string, RegExp>> = {
    "x86_64-unknown-linux-gnu": /^ubuntu-[\d.]+$/,
    "aarch64-unknown-linux-gnu": /^ubuntu-[\d.]+-arm$/,
    "x86_64-pc-windows-msvc": /^windows-\d+$/,
    "aarch64-pc-windows-msvc": /^windows-\d+-arm$/,
    "x86_64-apple-darwin": /^macos-\d+-intel$/,
    "aarch64-apple-darwin": /^macos-\d+$/,
  };
  for (
    const { target, runner } of FILES.get("release.yml")?.jobs["executables"]?.strategy?.matrix.include ?? []
  ) {
    assert.match(runner, machines[target] ?? assert.fail(target), target);
  }
});

Deno.test("nothing is published before the checks have passed and the executables have started", () => {
  const jobs = FILES.get("release.yml")?.jobs ?? {};
  assert.equal(jobs["check"]?.uses, "./.github/workflows/ci.yml");
  assert.deepEqual(
    Object.entries(jobs).filter(([, job]) => Object.values(job.permissions ?? {}).includes("write"))
      .map(([name, { needs = [] }]) => [name, [needs].flat().filter((need) => need !== "image").sort()]),
    [["image", ["check", "executables"]], ["publish", ["check", "executables"]]],
  );
});
