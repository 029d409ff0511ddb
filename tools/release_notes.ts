/** Prints what the changelog says of the version in a tag (`v1.2.3`); exits 1 when tag, version and changelog disagree. */
import manifest from "../deno.json" with { type: "json" };

/** A section of the changelog: `## [1.2.3] - 2026-01-02`. */
export interface Section {
  readonly version: string;
  /** The date, or `Unreleased`. */
  readonly date: string;
  readonly text: string;
}

/** The changelog's sections, the newest first. */
export function sectionsOf(changelog: string): Section[] {
  return changelog.split(/^## /m).slice(1).map((section) => {
    const [, version = "", date = "", text = ""] = /^\[([^\]]+)\] - (\S+)\n([^]*)$/.exec(section) ?? [];
    return { version, date, text: text.trim() };
  });
}

/** The notes for a tag, or why it cannot be released. */
export function releaseNotes(
  tag: string,
  { version, changelog }: { readonly version: string; readonly changelog: string },
): { readonly notes: string } | { readonly problem: string } {
  if (tag !== `v${version}`) {
    return { problem: `the tag must be 'v${version}', the version in deno.json: it is '${tag}'` };
  }
  const [section] = sectionsOf(changelog);
  if (section?.version !== version) {
    return { problem: `the first section of CHANGELOG.md must be '## [${version}] - ' and the date` };
  }
  if (!isDay(section.date)) {
    return { problem: `CHANGELOG.md must date ${version} as YYYY-MM-DD: it says '${section.date}'` };
  }
  return section.text === ""
    ? { problem: `CHANGELOG.md says nothing about ${version}` }
    : { notes: section.text };
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === text;
}

if (import.meta.main) {
  const changelog = await Deno.readTextFile("CHANGELOG.md");
  const result = releaseNotes(Deno.args[0] ?? "", { version: manifest.version, changelog });
  if ("notes" in result) {
    console.log(result.notes);
  } else {
    console.error(`No release: ${result.problem}`);
    Deno.exit(1);
  }
}
