/** The version stands in `deno.json`; whatever else tells it says the same. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import manifest from "../../deno.json" with { type: "json" };
import { sectionsOf } from "../../tools/release_notes.ts";
import { notificationWith } from "../support/fakes.ts";
import { startPlatformX } from "../support/platformx.ts";
import { runProgram, startProgram } from "../support/service.ts";
import { filesIn, read } from "../support/files.ts";
import { workflows } from "./workflows.ts";

const { version } = manifest;

Deno.test("the version is a semantic one", () => {
  // https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string, without build metadata
  assert.match(version, /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$/);
});

Deno.test("--version prints it", async () => {
  assert.deepEqual(await runProgram(["--version"]), {
    code: 0,
    stdout: `coder-platformx ${version}\n`,
    stderr: "",
  });
});

Deno.test("health, the user agent and the log tell it", async () => {
  await using platformx = await startPlatformX({ key: "key" });
  await using program = await startProgram({
    environment: {
      GETDX_API_KEY: "key",
      GETDX_API_URL: platformx.url,
      LOG_FORMAT: "json",
    },
  });
  assert.equal((await program.health()).version, version);
  await (await program.post(notificationWith())).body?.cancel();
  const agents = platformx.received.map(({ headers }) => headers.get("user-agent"));
  assert.deepEqual(agents, [`coder-platformx/${version}`]);
  assert.equal((await program.logged("starting"))["version"], version);
});

Deno.test("the changelog's first section is about it", () => {
  const [section] = sectionsOf(read("CHANGELOG.md"));
  assert.equal(section?.version, version);
  assert.match(section?.date ?? "", /^(Unreleased|\d{4}-\d\d-\d\d)$/);
});

Deno.test("the image's label is the VERSION that a build is given, and a release gives it the tag's", () => {
  const dockerfile = read("Dockerfile");
  const [, stage = ""] = /^FROM (?!.* AS )[^\n]*\n([^]*)$/m.exec(dockerfile) ?? [];
  assert.match(stage, /^ARG VERSION\b/m, "the stage that is published does not take VERSION");
  assert.match(stage, /\borg\.opencontainers\.image\.version="?\$\{?VERSION\}?"?/);
  const { text = "" } = workflows().get("release.yml") ?? {};
  assert.match(text, /docker buildx build [^\n]*--build-arg "VERSION=\$\{TAG#v\}"/);
});

Deno.test("the Helm chart has it, as its own version and as the image's", () => {
  const chart = parse(read("deploy/helm/coder-platformx/Chart.yaml"));
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});

Deno.test("it stands nowhere else in the program, its tools, its workflows or its image", async (t) => {
  const literal = new RegExp(`(?<![\\w.])${RegExp.escape(version)}(?![\\w.])`);
  for (
    const path of ["main.ts", "Dockerfile", ...filesIn("lib"), ...filesIn("tools"), ...filesIn(".github")]
  ) {
    await t.step(path, () => assert.doesNotMatch(read(path), literal));
  }
});
