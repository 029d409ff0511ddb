/** Gathers all that settings are parsed from: the environment, the file with settings, the files that they name. */
import { escapeControls } from "../base/redact.ts";
import type { FileFault, Files, Runtime } from "../runtime/runtime.ts";
import { envFileOf } from "./env_file.ts";
import { clean, type FileText, type Given, type Notice, textOf } from "./given.ts";
import { isDatabaseUrl } from "./outbox_location.ts";
import { rootCertPath } from "./postgres_location.ts";
import { MISSPELLINGS, readableNames, VARIABLE_ROWS } from "./variables.ts";

/** What is read from. */
export type SettingsSource = Pick<Runtime, "env" | "files">;

/** Bytes of a file that are read at most: keys, certificates and settings are far shorter. */
const LIMIT = 64 * 1024;

/**
 * Reads everything once.
 *
 * @param envFile the file named by `--env-file`, which has to be there; undefined: `.env`, if there is one
 */
export async function readSettings({ env, files }: SettingsSource, envFile?: string): Promise<Given> {
  const environment = new Map<string, string>();
  for (const name of readableNames()) {
    const text = env(name);
    if (text !== undefined) environment.set(name, text);
  }
  const found = await readEnvFile(files, envFile);
  const warnings = [...found.warnings, ...misspelled(environment, found.envFile.values)];
  const given = { ...found, warnings, environment, files: new Map<string, FileText>(), isContainer: false };
  await Promise.all(VARIABLE_ROWS.map(async ({ name, file, namesFile }) => {
    const variable = file ? `${name}_FILE` : name;
    const path = file || namesFile ? clean(textOf(given, variable)) : undefined;
    if (path !== undefined) {
      given.files.set(variable, await readText(files, path, namesFile ? "many" : "one"));
    }
  }));
  const outbox = outboxIn(given);
  const rootCert = rootCertPath(outbox);
  if (rootCert !== undefined) given.files.set("sslrootcert", await readText(files, rootCert, "many"));
  return { ...given, isContainer: isRelative(outbox) && isContainer(environment, files) };
}

/**
 * Reads a file that a setting names.
 *
 * @param lines `one`: it has to hold one line, the line break at its end aside
 * @param limit bytes
 */
export async function readText(
  files: Pick<Files, "read">,
  path: string,
  lines: "one" | "many",
  limit = LIMIT,
): Promise<FileText> {
  const bytes = await files.read(path, limit);
  if (typeof bytes === "string") return { cause: whyNot(bytes, limit) };
  const text = decoded(bytes);
  if (text === undefined) return { cause: whyNoText(bytes) };
  return lines === "one" && /[\r\n]/.test(text.trim()) ? { cause: "it has more than one line" } : { text };
}

/** The runtime's own words would repeat the path, and with it perhaps a secret put there by mistake. */
function whyNot(fault: FileFault, limit = LIMIT): string {
  return {
    missing: "there is no such file",
    forbidden: "this user may not read it",
    folder: "it is a folder",
    too_large: `it has more than ${limit / 1024} KiB`,
    stalled: "it is a pipe, and nobody writes to it",
    unreadable: "it cannot be read",
  }[fault];
}

async function readEnvFile(
  files: Files,
  option: string | undefined,
): Promise<Pick<Given, "envFile" | "problems" | "warnings">> {
  const name = option ?? ".env";
  const shown = escapeControls(name);
  const envFile = {
    name: shown,
    path: escapeControls(files.absolute(name)),
    isThere: false,
    values: new Map(),
  };
  if (option === undefined && files.stat(name) === undefined) return { envFile, problems: [], warnings: [] };
  const bytes = await files.read(name, LIMIT);
  const text = typeof bytes === "string" ? undefined : decoded(bytes);
  if (text === undefined) {
    const rule = typeof bytes === "string"
      ? `must be readable: ${whyNot(bytes)}. Correct that, or ${
        option === undefined ? "remove it" : "name another file"
      }`
      : `must be UTF-8: ${whyNoText(bytes)}. Save it as UTF-8`;
    const isThere = bytes !== "missing";
    return {
      envFile: { ...envFile, isThere },
      problems: [{ variable: shown, text: `${shown} ${rule}` }],
      warnings: [],
    };
  }
  const { values, problems, warnings } = envFileOf(shown, text);
  const holdsSecret = VARIABLE_ROWS.some((row) => row.secret && values.has(row.name));
  const open: Notice[] = holdsSecret && files.stat(name)?.isForAll
    ? [{
      variable: shown,
      text: `${shown} holds a secret, and every user of this machine may read it: chmod o= it`,
    }]
    : [];
  return { envFile: { ...envFile, isThere: true, values }, problems, warnings: [...warnings, ...open] };
}

/** Without its byte order mark; undefined: it is not UTF-8, or no text. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function whyNoText(bytes: Uint8Array): string {
  if (isUtf16(bytes)) return "it is UTF-16, as Windows PowerShell writes files";
  return bytes.includes(0)
    ? "it holds NUL bytes, as a file does that was damaged"
    : "it holds bytes that are no UTF-8";
}

/** By its mark, or because every other byte of Latin letters is zero. */
function isUtf16(bytes: Uint8Array): boolean {
  if (/^(?:255,254|254,255)$/.test(bytes.slice(0, 2).join())) return true;
  const zeros = [0, 1].map((half) => bytes.filter((byte, index) => byte === 0 && index % 2 === half).length);
  return Math.max(...zeros) > bytes.length / 4 && Math.min(...zeros) === 0;
}

function misspelled(
  environment: ReadonlyMap<string, string>,
  values: ReadonlyMap<string, string>,
): readonly Notice[] {
  return [...MISSPELLINGS].flatMap(([name, variable]) => {
    const isSet = (right: string) => environment.has(right) || values.has(right);
    if (
      !environment.has(name) || isSet(variable) || (`${variable}_FILE` !== name && isSet(`${variable}_FILE`))
    ) {
      return [];
    }
    return [{ variable, text: `${name} is set, and means nothing here: did you mean ${variable}?` }];
  });
}

/** The outbox's address or path, wherever it stands. */
function outboxIn(given: Given): string {
  const file = given.files.get("OUTBOX_FILE");
  const text = clean(textOf(given, "OUTBOX")) ?? clean(file && "text" in file ? file.text : undefined) ?? "";
  return isDatabaseUrl(text) ? clean(textOf(given, "DATABASE_URL")) ?? "" : text;
}

function isRelative(path: string): boolean {
  return path !== "" && !/^(?:[\\/]|[a-z]:|postgres)/i.test(path);
}

/** Docker and Podman leave a file in each container, Kubernetes a variable. */
function isContainer(environment: ReadonlyMap<string, string>, files: Files): boolean {
  return environment.has("KUBERNETES_SERVICE_HOST") ||
    ["/.dockerenv", "/run/.containerenv"].some((path) => files.stat(path) !== undefined);
}
