/** The programs that are measured: bundles of the working tree and of any commit, by Deno or Node.js. */
import { fileOf } from "../../tests/support/files.ts";
import { succeed } from "../../tests/support/process.ts";

/** The service, ready to be started. */
export interface Build {
  /** What tells it from the working tree's by Deno, whose label is empty. */
  readonly label: string;
  readonly commandLine: readonly string[];
}

/** What is to be built. */
export interface Wanted {
  /** A commit that is measured beside the working tree. */
  readonly beside?: string | undefined;
  /** Path of a Node.js that runs the working tree's bundle. */
  readonly node?: string | undefined;
  /** An executable, and what its runs are called. */
  readonly executable?: string | undefined;
  /** Folder for another commit's worktree. */
  readonly folder: string;
}

/** The same for everybody: what a permission costs is not what is compared. */
const RUN = ["run", "--quiet", "--no-prompt", "--no-check", "--allow-all"];

/** Runs a script by the Deno that runs this. */
export function byDeno(script: string, ...args: readonly string[]): readonly string[] {
  return [Deno.execPath(), ...RUN, "--no-config", script, ...args];
}

/** Bundles the working tree, and whatever else is wanted. */
export async function buildAll({ beside, node, executable, folder }: Wanted): Promise<readonly Build[]> {
  const root = fileOf("");
  await succeed([Deno.execPath(), "run", "-q", "--no-prompt", "-P=tools", "tools/bundle.ts"], { cwd: root });
  const bundle = fileOf("build/coder-platformx.mjs");
  return [
    { label: "", commandLine: byDeno(bundle) },
    ...beside === undefined ? [] : [await buildOf(beside, `${folder}/beside`, root)],
    ...node === undefined ? [] : [{ label: " Node.js", commandLine: [node, bundle] }],
    ...executable === undefined
      ? []
      : [{ label: " executable", commandLine: [Deno.realPathSync(executable)] }],
  ];
}

/** Bundles another commit as the working tree is, in a worktree that is gone afterwards. */
async function buildOf(revision: string, folder: string, root: string): Promise<Build> {
  const bundle = `${folder}.mjs`;
  await succeed(["git", "worktree", "add", "--quiet", "--detach", folder, revision], { cwd: root });
  try {
    const how = ["bundle", "--quiet", "--frozen", "--minify", "--platform=deno", `--output=${bundle}`];
    await succeed([Deno.execPath(), ...how, "main.ts"], { cwd: folder });
    const { unstable = [] } = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    const flags = (unstable as readonly string[]).map((name) => `--unstable-${name}`);
    const [deno = "", ...args] = byDeno(bundle);
    return { label: ` @${revision}`, commandLine: [deno, args[0]!, ...flags, ...args.slice(1)] };
  } finally {
    await succeed(["git", "worktree", "remove", "--force", folder], { cwd: root });
  }
}
