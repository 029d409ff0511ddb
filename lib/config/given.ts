/** What the configuration is parsed from: gathered once, and only data from then on. */
import { type Variable, VARIABLE_ROWS } from "./variables.ts";

/** A sentence for the operator. */
export interface Notice {
  /** What it is about: a variable, or the file with settings. */
  readonly variable: string;
  /** The whole sentence; without secrets and control characters. */
  readonly text: string;
  /** The entry that it is about, where the variable is a list. */
  readonly entry?: string;
}

/** The file with settings: `.env`, or what `--env-file` names. */
export interface EnvFile {
  /** As operators write it: `.env`, or the option's value. */
  readonly name: string;
  /** Absolute, with control characters escaped. */
  readonly path: string;
  /** Whether there is one, usable or not. */
  readonly isThere: boolean;
  readonly values: ReadonlyMap<string, string>;
}

/** What a file holds, or why it is of no use: the end of a sentence. */
export type FileText = { readonly text: string } | { readonly cause: string };

/** All that was found. */
export interface Given {
  /** The process's environment, as far as the service may read it. */
  readonly environment: ReadonlyMap<string, string>;
  readonly envFile: EnvFile;
  /** Texts of files, by the variable that names each. */
  readonly files: ReadonlyMap<string, FileText>;
  /** Whether a relative path is one of a container, whose files go with it. */
  readonly isContainer: boolean;
  readonly problems: readonly Notice[];
  readonly warnings: readonly Notice[];
}

/** A variable's text: what the environment says goes before the file. */
export function textOf({ environment, envFile }: Given, name: string): string | undefined {
  return environment.get(name) ?? envFile.values.get(name);
}

/** Removes surrounding space and one pair of quotes; what is empty then counts as unset. */
export function clean(raw: string | undefined): string | undefined {
  const text = raw?.trim() ?? "";
  const unquoted = /^(["'])([^]*)\1$/.exec(text)?.[2] ?? text;
  return unquoted.trim() === "" ? undefined : unquoted;
}

/** Row of a variable in the list. */
export function rowOf(name: string): Variable {
  return VARIABLE_ROWS.find((row) => row.name === name)!;
}
