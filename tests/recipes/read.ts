/** Reads deployment recipes: which settings they give the service, whatever their format. */
import { parseAllDocuments } from "yaml";
import { fileOf, filesIn, read } from "../support/files.ts";

/** One file of a recipe, named from the top folder. */
export interface RecipeFile {
  readonly path: string;
  readonly text: string;
}

/** Settings that go to one process together. */
export interface Environment {
  /** An undefined value comes from elsewhere: a secret, a shell variable. */
  readonly settings: ReadonlyMap<string, string | undefined>;
  /** Folders and files that are mounted where the process runs; undefined: the file does not say. */
  readonly mounts?: readonly string[];
}

/**
 * Every file below `deploy/`, and those that must be in the top folder. Templates of the chart are no YAML yet:
 * `tests/built/chart_test.ts` looks at what becomes of them.
 */
export function recipeFiles(): readonly RecipeFile[] {
  const top = [...Deno.readDirSync(fileOf(""))].filter(({ name }) => IN_TOP_FOLDER.test(name)).map((
    { name },
  ) => name);
  const below = filesIn("deploy").filter((path) => !path.includes("/templates/"));
  return [...top, ...below].sort().map((path) => ({ path, text: read(path) }));
}

const IN_TOP_FOLDER = /^(?:Dockerfile|compose\.ya?ml|heroku\.yml)$/;

/** The environments that a file describes. */
export function environmentsOf({ path, text }: RecipeFile): readonly Environment[] {
  if (path.endsWith(".md")) return [...fencedBlocks(text).flatMap(environmentsOf), ...inlineCode(text)];
  if (/\.ya?ml$/.test(path)) return documentsOf(text).flatMap(fromTree);
  if (path.endsWith(".json")) return fromTree(JSON.parse(text));
  if (/Dockerfile[^/]*$/.test(path)) return [together(assignments(instructions(text, "ENV")))];
  if (path.endsWith(".sh")) return assignments(text).map((one) => together([one]));
  return [fromLines(text)];
}

/** Documents of a YAML file. Throws where it is not YAML. */
export function documentsOf(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS();
  });
}

/** Code blocks of a document, as files of the format that they are marked with. */
export function fencedBlocks(text: string): readonly RecipeFile[] {
  return [...text.matchAll(/^( *)```(\w+)\n([^]*?)^\1```/gm)].map(([, indent, language, code]) => ({
    path: language === "dockerfile" ? "Dockerfile" : `block.${language === "bash" ? "sh" : language}`,
    text: code!.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** `NAME=value` in a sentence, and `NAME` where it can be nothing else. */
function inlineCode(text: string): readonly Environment[] {
  const named = text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|HOST|PORT)`/g);
  const given = text.matchAll(/`([A-Z][A-Z0-9_]+=[^`\s]+)`/g);
  return [
    ...[...named].map(([, name]) => together([[name!, undefined]])),
    ...[...given].flatMap(([, code]) => assignments(code!).map((one) => together([one]))),
  ];
}

type Assignment = readonly [name: string, value: string | undefined];

function together(settings: readonly Assignment[], mounts?: readonly string[]): Environment {
  return { settings: new Map(settings), ...(mounts && { mounts }) };
}

/** `NAME=value`, also after another `=` or a comma, and `env add NAME value`. */
function assignments(text: string): readonly Assignment[] {
  const value = /"[^"]*"|'[^']*'|[^\s\\,]*(?:,(?![A-Z][A-Z0-9_]*=)[^\s\\,]*)*/.source;
  const found = text.matchAll(new RegExp(`(?<![\\w$.{-])([A-Z][A-Z0-9_]*)=(${value})`, "g"));
  const added = text.matchAll(/\benv (?:add|update-value) ([A-Z][A-Z0-9_]*) (\S+)/g);
  return [...found, ...added].map(([, name, raw]) => {
    const plain = raw!.replace(/^(["'])(.*)\1$/, "$2");
    return [name!, /\$/.test(plain) ? undefined : plain] as const;
  });
}

/** Instructions of a Dockerfile, each with its continued lines. */
function instructions(text: string, name: string): string {
  const joined = text.replace(/^\s*#.*\n/gm, "").replace(/\\\n/g, " ");
  return joined.split("\n").filter((line) => line.startsWith(`${name} `)).join("\n");
}

/** Units of systemd, and files of variables. */
function fromLines(text: string): Environment {
  const lines = text.split("\n").filter((line) => !/^\s*[#;]/.test(line));
  const settings = lines.flatMap((line) => {
    const given = /^Environment=(.*)$/.exec(line)?.[1] ??
      (/^(?:export )?[A-Z][A-Z0-9_]*=/.test(line) ? line : "");
    // Units quote a whole assignment: "NAME=a value".
    return assignments(given.replace(/"([A-Z][A-Z0-9_]*)=([^"]*)"/g, '$1="$2"'));
  });
  const credentials = lines.flatMap((line) => /^(?:Load|Set)Credential\w*=([^:]+)/.exec(line)?.[1] ?? []);
  const isUnit = lines.some((line) => /^\[\w+\]$/.test(line));
  const state = lines.flatMap((line) => /^StateDirectory=(.*)$/.exec(line)?.[1]?.split(" ") ?? []);
  const mounts = [...credentials.map((name) => `%d/${name}`), ...state.map((name) => `/var/lib/${name}`)];
  return together(settings, isUnit ? mounts : undefined);
}

/** Containers, and objects that hold variables, anywhere in a tree. */
function fromTree(node: unknown): readonly Environment[] {
  if (Array.isArray(node)) return node.flatMap(fromTree);
  if (!isRecord(node)) return [];
  const ofKind = node.kind === "ConfigMap" ? [node.data] : node.kind === "Secret" ? [node.stringData] : [];
  const own = [node.env, node.environment, node.literals, node.Variables, ...ofKind]
    .flatMap(pairs).filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name));
  const isContainer = "image" in node || "build" in node;
  const here = own.length === 0 ? [] : [together(own, isContainer ? mountsOf(node) : undefined)];
  return [...here, ...Object.values(node).flatMap(fromTree)];
}

/** `{NAME: value}`, `["NAME=value"]` or `[{name, value}]`. */
function pairs(node: unknown): readonly Assignment[] {
  const text = (value: unknown) =>
    value === undefined || value === null || /\$\{/.test(`${value}`) ? undefined : `${value}`;
  if (isRecord(node)) return Object.entries(node).map(([name, value]) => [name, text(value)]);
  if (!Array.isArray(node)) return [];
  return node.flatMap((item): Assignment[] => {
    if (isRecord(item)) return [[String(item.name), text(item.value)]];
    const [name, ...value] = String(item).split("=");
    return [[name!, value.length === 0 ? undefined : text(value.join("="))]];
  });
}

/** Where a container of Kubernetes, Cloud Run or Compose has files from outside. */
function mountsOf(container: Readonly<Record<string, unknown>>): readonly string[] {
  const { volumeMounts, volumes, secrets } = container;
  const target = (item: unknown) =>
    isRecord(item)
      ? [item.mountPath ?? item.target].map(String)
      : [String(item).split(":")[1] ?? String(item)];
  const ofSecret = (item: unknown) => {
    const name = isRecord(item) ? String(item.target ?? item.source) : String(item);
    return name.startsWith("/") ? name : `/run/secrets/${name}`;
  };
  return [
    ...[volumeMounts, volumes].flatMap((list) => Array.isArray(list) ? list.flatMap(target) : []),
    ...Array.isArray(secrets) ? secrets.map(ofSecret) : [],
  ];
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
