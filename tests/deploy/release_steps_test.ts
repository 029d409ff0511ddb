/** The release's own shell steps, run as GitHub runs them, with stand-ins for what they call. */
import assert from "node:assert/strict";
import { workflows } from "../documents/workflows.ts";
import { read } from "../support/files.ts";
import { openFolder, run } from "../support/process.ts";

const JOBS = workflows().get("release.yml")?.jobs ?? {};

/** Files' texts by their names, made before a step; those under `build/` and `bin/` are programs. */
type Files = Readonly<Record<string, string>>;

/** What became of a step. */
interface Outcome {
  readonly code: number;
  readonly output: string;
  /** Text of a file that should be there now. */
  file(path: string): string;
  /** Names in a folder, sorted. */
  names(folder: string): string[];
  /** Names in an archive, as its list is. */
  list(archive: string): Promise<string[]>;
}

/** Runs the step of a job whose script has this text in it, in a folder of its own. */
async function withStep(
  [job, part]: readonly [job: string, part: string],
  { files, env }: { readonly files: Files; readonly env: Readonly<Record<string, string>> },
  use: (outcome: Outcome) => void | Promise<void>,
): Promise<void> {
  const [step] = JOBS[job]?.steps?.filter(({ run }) => run?.includes(part)) ?? [];
  assert.ok(step?.run, `no step of ${job} has '${part}'`);
  await using open = await openFolder();
  const folder = open.path;
  for (const [path, text] of Object.entries({ "bin/none": "", ...files })) {
    await Deno.mkdir(`${folder}/${path.replace(/[^/]*$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text, { mode: 0o755 });
  }
  const directory = `${folder}/${step["working-directory"] ?? ""}`;
  const { code, stdout, stderr } = await bash(step.run, directory, {
    PATH: `${folder}/bin:/usr/local/bin:/usr/bin:/bin`,
    GITHUB_OUTPUT: `${folder}/output`,
    RUNNER_TEMP: folder,
    ...env,
  });
  await use({
    code,
    output: stdout + stderr,
    file: (path) => Deno.readTextFileSync(`${folder}/${path}`),
    names: (path) => [...Deno.readDirSync(`${folder}/${path}`)].map(({ name }) => name).sort(),
    list: async (archive) => (await bash(`tar -tzf ${archive}`, folder, {})).stdout.trim().split("\n"),
  });
}

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */
function bash(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  const commandLine = ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script];
  return run(commandLine, { cwd, environment: { PATH: "/usr/local/bin:/usr/bin:/bin", ...env } });
}

const says = (text: string) => `#!/bin/sh\necho '${text}'\n`;

Deno.test("an executable that says another version stops the release", async (t) => {
  const right = says("coder-platformx 1.2.3");
  const rows: [plain: string, otel: string, passes: boolean][] = [
    [right, right, true],
    [says("coder-platformx 1.2.4"), right, false],
    [right, says("coder-platformx 1.2.30"), false],
    ["#!/bin/sh\nexit 1\n", right, false],
    [right, "#!/bin/sh\nexec /not/there\n", false],
  ];
  for (const [plain, otel, passes] of rows) {
    await t.step(JSON.stringify([plain, otel]), async () => {
      const files = { "build/coder-platformx": plain, "build/coder-platformx-otel": otel };
      await withStep(["executables", "--version"], { files, env: { TAG: "v1.2.3" } }, ({ code, output }) => {
        assert.equal(code === 0, passes, output);
      });
    });
  }
});

for (const [target, suffix] of [["aarch64-apple-darwin", ""], ["aarch64-pc-windows-msvc", ".exe"]] as const) {
  Deno.test(`archives for ${target} hold executable, licences and SBOM`, async () => {
    const files = {
      LICENSE: "licence",
      THIRD_PARTY_LICENSES: "licences",
      "about/coder-platformx.cdx.json": "{}",
      [`build/coder-platformx${suffix}`]: "plain",
      [`build/coder-platformx-otel${suffix}`]: "otel",
    };
    await withStep(["executables", "tar "], { files, env: { TARGET: target } }, async (outcome) => {
      assert.equal(outcome.code, 0, outcome.output);
      const archives = ["coder-platformx", "coder-platformx-otel"].map((name) => `${name}-${target}.tar.gz`);
      assert.deepEqual(outcome.names("archives"), archives.toSorted());
      for (const archive of archives) {
        assert.deepEqual(await outcome.list(`archives/${archive}`), [
          archive.replace(`-${target}.tar.gz`, suffix),
          "LICENSE",
          "THIRD_PARTY_LICENSES",
          "coder-platformx.cdx.json",
        ]);
      }
    });
  });
}

Deno.test("the image is built for both architectures with the tag's version, and its digest is passed on", async () => {
  const docker = `#!/bin/sh
echo "docker $*"
[ "$1" = login ] && cat
while [ $# -gt 0 ]; do [ "$1" = --metadata-file ] && echo '{"containerimage.digest":"sha256:12"}' > "$2"; shift; done
exit 0
`;
  const env = {
    TAG: "v1.2.3",
    TOKEN: "token",
    GITHUB_REPOSITORY: "Some-Owner/Coder-PlatformX",
    GITHUB_ACTOR: "someone",
    GITHUB_SHA: "1234567",
  };
  const files = { "bin/docker": docker, "bin/git": says("1767225600") };
  await withStep(["image", "buildx build"], { files, env }, ({ code, output, file }) => {
    assert.equal(code, 0, output);
    const [login, token, create, build = ""] = output.split("\n");
    assert.deepEqual([login, token, create], [
      "docker login ghcr.io --username someone --password-stdin",
      "token",
      "docker buildx create --use",
    ]);
    for (
      const part of [
        "--platform linux/amd64,linux/arm64",
        "--build-arg VERSION=1.2.3",
        "--build-arg REVISION=1234567",
        "--tag ghcr.io/some-owner/coder-platformx:1.2.3",
        "--push",
      ]
    ) assert.ok(build.includes(` ${part} `), `${part} is not in: ${build}`);
    assert.equal(file("output"), "name=ghcr.io/some-owner/coder-platformx\ndigest=sha256:12\n");
  });
});

Deno.test("an image without a digest stops the release", async () => {
  const files = { "bin/docker": '#!/bin/sh\necho "{}" > "$RUNNER_TEMP/image.json"\n', "bin/git": says("1") };
  const env = { TAG: "v1.2.3", TOKEN: "x", GITHUB_REPOSITORY: "a/b", GITHUB_ACTOR: "c", GITHUB_SHA: "d" };
  await withStep(["image", "buildx build"], { files, env }, ({ code, output }) => {
    assert.notEqual(code, 0, output);
  });
});

/** Assets as the jobs before have left them. */
function assets(): Files {
  const targets = JOBS["executables"]?.strategy?.matrix.include?.map(({ target }) => target) ?? [];
  const archives = targets.flatMap((target) =>
    ["coder-platformx", "coder-platformx-otel"].map((name) => [`assets/${name}-${target}.tar.gz`, target])
  );
  return { ...Object.fromEntries(archives), "about/coder-platformx.cdx.json": "{}" };
}

Deno.test("the sums are of every asset, and hold", async () => {
  const files = assets();
  await withStep(["publish", "sha256sum"], { files, env: {} }, async ({ code, output, names, file }) => {
    assert.equal(code, 0, output);
    const summed = file("assets/SHA256SUMS").trim().split("\n").map((line) => line.split("  "));
    assert.deepEqual([...summed.map(([, name]) => name), "SHA256SUMS"].sort(), names("assets"));
    for (const [sum, name] of summed) {
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(file(`assets/${name}`)));
      assert.equal(sum, new Uint8Array(hash).toHex(), name);
    }
  });
});

Deno.test("an archive that is missing stops the release", async () => {
  const { "assets/coder-platformx-x86_64-apple-darwin.tar.gz": _, ...files } = assets();
  await withStep(["publish", "sha256sum"], { files, env: {} }, ({ code, output }) => {
    assert.notEqual(code, 0, output);
  });
});

Deno.test("the release has the tag's name, the changelog's notes and every asset", async () => {
  const files = { ...assets(), "bin/gh": '#!/bin/sh\nfor each; do echo "$each"; done\n' };
  await withStep(["publish", "gh release"], { files, env: { TAG: "v1.2.3" } }, ({ code, output, names }) => {
    assert.equal(code, 0, output);
    const [verb, create, tag, verify, ...rest] = output.trim().split("\n");
    assert.deepEqual([verb, create, tag, verify], ["release", "create", "v1.2.3", "--verify-tag"]);
    assert.deepEqual(rest.slice(0, 4), ["--title", "v1.2.3", "--notes-file", "about/notes.md"]);
    assert.deepEqual(rest.slice(4).sort(), names("assets").map((name) => `assets/${name}`));
  });
  assert.match(read(".github/workflows/release.yml"), /task release notes "\$TAG" > about\/notes\.md/);
});
