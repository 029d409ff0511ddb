import assert from "node:assert/strict";
import { run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { releaseNotes, sectionsOf } from "../../tools/release_notes.ts";

const CHANGELOG = `# Changelog

Words about the format.

## [1.1.0] - 2026-02-28

### Added

- What is new, with a \`## [1.0.0]\` in it.

## [1.0.0] - 2026-01-02

- The first.
`;

Deno.test("the changelog is read as sections, the newest first", () => {
  assert.deepEqual(sectionsOf(CHANGELOG), [
    { version: "1.1.0", date: "2026-02-28", text: "### Added\n\n- What is new, with a `## [1.0.0]` in it." },
    { version: "1.0.0", date: "2026-01-02", text: "- The first." },
  ]);
});

Deno.test("the notes are the first section, without its head", () => {
  assert.deepEqual(releaseNotes("v1.1.0", { version: "1.1.0", changelog: CHANGELOG }), {
    notes: "### Added\n\n- What is new, with a `## [1.0.0]` in it.",
  });
});

Deno.test("what does not agree is not released", async (t) => {
  const dated = (date: string) => CHANGELOG.replace("2026-02-28", date);
  const rows: [why: string, tag: string, version: string, changelog: string, problem: RegExp][] = [
    ["a tag of another version", "v1.1.1", "1.1.0", CHANGELOG, /tag must be 'v1\.1\.0'.*'v1\.1\.1'/],
    ["a tag without v", "1.1.0", "1.1.0", CHANGELOG, /tag must be 'v1\.1\.0'/],
    ["no tag", "", "1.1.0", CHANGELOG, /tag must be/],
    ["a section that is not the first", "v1.0.0", "1.0.0", CHANGELOG, /first section.*\[1\.0\.0\]/],
    ["no section", "v1.2.0", "1.2.0", CHANGELOG, /first section.*\[1\.2\.0\]/],
    ["no changelog", "v1.1.0", "1.1.0", "", /first section/],
    ["a section without a date", "v1.1.0", "1.1.0", dated("Unreleased"), /YYYY-MM-DD.*'Unreleased'/],
    ["a day that there is not", "v1.1.0", "1.1.0", dated("2026-02-30"), /YYYY-MM-DD.*'2026-02-30'/],
    ["another way to write a date", "v1.1.0", "1.1.0", dated("2026-2-28"), /YYYY-MM-DD/],
    ["a section without text", "v1.1.0", "1.1.0", "## [1.1.0] - 2026-02-28\n\n## [1.0.0] - x\n", /nothing/],
  ];
  for (const [why, tag, version, changelog, problem] of rows) {
    await t.step(why, () => {
      const result = releaseNotes(tag, { version, changelog });
      assert.match("problem" in result ? result.problem : "no problem", problem);
    });
  }
});

Deno.test("the tool says why it refuses, and prints no notes", async () => {
  const tool = ["run", "--no-prompt", "--allow-read=CHANGELOG.md", "tools/release_notes.ts"];
  const { code, stdout, stderr } = await run([Deno.execPath(), ...tool, "v0.0.0"], { cwd: fileOf("") });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /No release: the tag must be/);
});
