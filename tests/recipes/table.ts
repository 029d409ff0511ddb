/** What is wrong with the table of recipes, and with links. */
import { dirname, normalize } from "node:path/posix";

/** What the table is compared with. */
export interface Project {
  /** Folders below `deploy/`. */
  readonly folders: readonly string[];
  readonly tasks: Readonly<Record<string, unknown>>;
  /** Whether a path, from the top folder, is there. */
  exists(path: string): boolean;
}

/** Every folder has a row, and every row says which command tried it in which test, or that none did. */
export function tableProblems(text: string, { folders, tasks, exists }: Project): readonly string[] {
  const rows = text.split("\n").filter((line) => line.startsWith("| [")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  const linked = rows.map(([recipe]) => /\]\(([\w.-]+)\//.exec(recipe!)?.[1]);
  const missing = folders.filter((folder) => !linked.includes(folder));
  return [
    ...missing.map((folder) => `deploy/${folder} has no row`),
    ...rows.flatMap(([recipe, triedBy, what, onlyRead]) => {
      const named = [...triedBy!.matchAll(/`deno task ([\w:]+)(?: \w+)?`/g)].map(([, task]) => task!);
      const tests = linksOf(triedBy!).map((link) => normalize(`deploy/${link}`));
      const isTried = named.length > 0 && tests.length > 0 && what !== "";
      const faults = [
        ...isTried || /^not tried\b/.test(triedBy!)
          ? []
          : ["says neither what tried it, in which test, nor that it was not tried"],
        ...named.filter((task) => !(task in tasks)).map((task) =>
          `names the task ${task}, which is not there`
        ),
        ...tests.filter((test) => !/_test\.ts$/.test(test) || !exists(test)).map((test) =>
          `names ${test}, which is no test`
        ),
        ...onlyRead === "" ? ["does not say what was only read"] : [],
      ];
      return faults.map((fault) => `the row of ${recipe} ${fault}`);
    }),
  ];
}

/** Relative links, and headings they name, that are not there. */
export function linkProblems(
  { path, text }: { readonly path: string; readonly text: string },
  project: Pick<Project, "exists"> & { read(path: string): string },
): readonly string[] {
  return linksOf(text).flatMap((link) => {
    const [file, heading] = link.split("#");
    const target = file === "" ? path : normalize(`${dirname(path)}/${file}`);
    if (!project.exists(target)) return [`${link} leads nowhere`];
    const isThere = heading === undefined ||
      headingsOf(target === path ? text : project.read(target)).includes(heading);
    return isThere ? [] : [`${link} names a heading that is not there`];
  });
}

function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) =>
    !/^https?:/.test(link)
  );
}

function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}
