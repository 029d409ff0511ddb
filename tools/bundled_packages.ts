/** The npm packages that go into the executable: those that `main.ts` reaches, not those of tests and tools. */

/** A package as the lock file and its own files describe it. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package's archive, from the lock file, in hexadecimal. */
  readonly sha512: string;
  /** What its `package.json` declares: an SPDX identifier or expression. */
  readonly licence: string;
  readonly licenceText: string;
  /** The service itself imports it, not only another package. */
  readonly direct: boolean;
  /** The packages that it imports, as `name@version`. */
  readonly dependencies: readonly string[];
}

/** What is read of `deno info --json`. `npmPackages` lists the whole lock file, with where each package lies. */
export interface Graph {
  readonly modules: readonly {
    readonly kind: string;
    readonly npmPackage?: string;
    readonly error?: string;
  }[];
  readonly npmPackages: Readonly<Record<string, GraphPackage>>;
}

/** A package of the lock file. */
export interface GraphPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  /** Where Deno keeps its files. */
  readonly localPath: string;
}

/** What is read of `deno.lock` here. */
export interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/**
 * Packages that the module imports, and those that these import in turn, by name.
 *
 * @throws {Error} when a module cannot be found, or the lock or a package does not say what is needed
 */
export async function bundledPackages(module: string, lock: Lock): Promise<BundledPackage[]> {
  const graph = await graphOf(module);
  const ids = new Set<string>();
  const imported = graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  const waiting = [...imported];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (ids.has(id)) continue;
    ids.add(id);
    waiting.push(...packageOf(graph, id).dependencies);
  }
  const packages = [...ids].sort().map(async (id) => ({
    ...await describe(id, graph, lock),
    direct: imported.includes(id),
  }));
  return await Promise.all(packages);
}

/**
 * The module and all that it imports, as Deno resolves it.
 *
 * @throws {Error} when a module cannot be found
 */
export async function graphOf(module: string): Promise<Graph> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--quiet", "--json", module],
    env: { NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(`deno info ${module}: ${new TextDecoder().decode(stderr)}`);
  const graph: Graph = JSON.parse(new TextDecoder().decode(stdout));
  for (const { error } of graph.modules) if (error !== undefined) throw new Error(error);
  return graph;
}

async function describe(id: string, graph: Graph, lock: Lock): Promise<Omit<BundledPackage, "direct">> {
  const { name, version, dependencies, localPath } = packageOf(graph, id);
  const integrity = lock.npm[id]?.integrity;
  if (!integrity?.startsWith("sha512-")) {
    throw new Error(`${id} has no SHA-512 in the lock file: ${integrity}`);
  }
  const { license } = JSON.parse(await Deno.readTextFile(`${localPath}/package.json`));
  if (typeof license !== "string") throw new Error(`${id} declares no licence in its package.json`);
  return {
    name,
    version,
    sha512: Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex(),
    licence: license,
    licenceText: await licenceIn(localPath),
    dependencies: dependencies.map((id) => nameAndVersion(packageOf(graph, id))).sort(),
  };
}

/** How a package is called among others of which there may be several versions. */
export function nameAndVersion({ name, version }: Pick<BundledPackage, "name" | "version">): string {
  return `${name}@${version}`;
}

function packageOf({ npmPackages }: Graph, id: string): GraphPackage {
  const found = npmPackages[id];
  if (found === undefined) throw new Error(`deno info does not describe ${id}`);
  return found;
}

/** The licence's own file, or the last section of the README, where some packages have it. */
async function licenceIn(folder: string): Promise<string> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const own = names.find((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name));
  if (own !== undefined) return await Deno.readTextFile(`${folder}/${own}`);
  const readme = names.includes("README.md") ? await Deno.readTextFile(`${folder}/README.md`) : "";
  const [, section] = /^#+ licen[cs]e\s+(.*copyright.*)$/ims.exec(readme) ?? [];
  if (section !== undefined) return section;
  throw new Error(`${folder} holds no licence`);
}
