/**
 * Compares documents with the types of the Kubernetes API, by the compiler: in an object literal it accepts no field that
 * the type does not have, at any depth.
 */
import { openFolder, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

/** Name of a document → what is wrong with it, one sentence each. */
export type Faults = ReadonlyMap<string, readonly string[]>;

/** What the compiler finds in documents, which are named as files can be. */
export async function faultsIn(documents: ReadonlyMap<string, unknown>): Promise<Faults> {
  await using folder = await openFolder();
  for (const [name, document] of documents) {
    await Deno.writeTextFile(`${folder.path}/${name}.ts`, moduleOf(document));
  }
  return faultsByName(await check(folder.path), [...documents.keys()]);
}

/** A module that assigns the document to the type that it says it is of: `apps/v1`, `v1`, `networking.k8s.io/v1`. */
function moduleOf(document: unknown): string {
  const { apiVersion, kind } = document as { readonly apiVersion: string; readonly kind: string };
  const [version = "", group = "core"] = apiVersion.split("/").reverse();
  const name = group.replace(/\..*/, "");
  return `import type { ${kind} } from "kubernetes-types/${name}/${version}";
export const document: ${kind} = ${JSON.stringify(document)};
// The compiler takes a module that is not there for one in which everything is allowed.
// @ts-expect-error: a type of the API
export const unknown: ${kind} = { "no such field": 0 };
${fractions(document).map((number) => `export const whole: never = ${number};\n`).join("")}`;
}

/** The API has whole numbers only, which TypeScript cannot tell from others. */
function fractions(value: unknown): readonly number[] {
  if (typeof value === "number") return Number.isInteger(value) ? [] : [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(fractions) : [];
}

/** What `deno check` says about the folder, with the project's versions of packages; empty: nothing. */
async function check(folder: string): Promise<string> {
  const command = [Deno.execPath(), "check", "--quiet", "--config", fileOf("deno.json"), folder];
  const { code, stderr } = await run(command, { environment: { ...Deno.env.toObject(), NO_COLOR: "1" } });
  return code === 0 ? "" : stderr;
}

function faultsByName(output: string, names: readonly string[]): Faults {
  const found = output.split(/^(?=TS\d+ )/m).filter((part) => part.startsWith("TS")).map((part) => ({
    name: /^ {4}at file:\/\/\S*\/([^/]+)\.ts:/m.exec(part)?.[1],
    fault: part.slice(0, part.search(/^ {4}at /m)).trim(),
  }));
  if (output !== "" && found.length === 0) throw new Error(`the types could not be compared:\n${output}`);
  return new Map(names.map((name) => [name, found.filter((f) => f.name === name).map(({ fault }) => fault)]));
}
