/** Reads variables one by one and collects every problem, so that an operator hears of all at once. */
import type { Parsed, Parser } from "./parsers.ts";
import { type Variable, VARIABLE_ROWS, type VariableName } from "./variables.ts";
import { cut, escapeControls } from "../base/redact.ts";

/** Where settings come from; the shell fills it from the environment, `.env` and the file system. */
export interface SettingsSource {
  /** The variable's text, or undefined when it is not set. */
  get(name: string): string | undefined;
  /** The file's text. Throws an error whose message names the cause, without the text. */
  readFile(path: string): string;
}

/** Reader of one source. */
export class Settings {
  readonly #source: SettingsSource;
  readonly #problems: string[] = [];

  constructor(source: SettingsSource) {
    this.#source = source;
  }

  /** All problems so far, each a sentence: variable, rule, current value. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Adds a problem that concerns more than one value. */
  report(problem: string): void {
    this.#problems.push(problem);
  }

  /** The trimmed text of a variable, or of its file; undefined when it is not set. */
  text(name: VariableName): string | undefined {
    const variable = rowOf(name);
    const own = this.#own(variable);
    if (!variable.file) return own;
    const path = this.path(name);
    if (path === undefined) {
      if (variable.mustNotBeEmpty && this.#source.get(`${name}_FILE`) !== undefined) {
        this.#reportEmpty(`${name}_FILE`);
      }
      return own;
    }
    if (own !== undefined) {
      this.report(`${name} and ${name}_FILE are both set: set one of them`);
      return undefined;
    }
    return this.#fromFile(`${name}_FILE`, path);
  }

  /** The path in `NAME_FILE`; undefined when that is not set. */
  path(name: VariableName): string | undefined {
    return clean(this.#source.get(`${name}_FILE`));
  }

  /** The text of the file that a variable names. */
  contents(name: VariableName): string | undefined {
    const path = this.text(name);
    return path === undefined ? undefined : this.#fromFile(name, path);
  }

  /** Whether a variable or its file is named at all, usable or not. */
  isSet(name: VariableName): boolean {
    return this.#source.get(name) !== undefined || this.#source.get(`${name}_FILE`) !== undefined;
  }

  /** The parsed value of a variable that has a fallback. */
  value<T>(name: VariableName, parser: Parser<T>): T {
    return this.optional(name, parser) ?? parsed(parser(this.fallback(name) ?? ""), name);
  }

  /** What counts where a variable is not set, as an operator would write it. */
  fallback(name: VariableName): string | undefined {
    const { fallback, fallbackOnDeploy } = rowOf(name);
    return this.#source.get("DENO_DEPLOY") === undefined ? fallback : fallbackOnDeploy ?? fallback;
  }

  /** The parsed value of a variable; undefined when it is not set or not usable (which is then a problem). */
  optional<T>(name: VariableName, parser: Parser<T>): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const result = parser(text);
    if ("value" in result) return result.value;
    this.report(`${name} ${result.rule}: current value is ${shown(rowOf(name), text)}`);
    return undefined;
  }

  #own(variable: Variable): string | undefined {
    const raw = this.#source.get(variable.name);
    const text = clean(raw);
    if (raw !== undefined && text === undefined && variable.mustNotBeEmpty) {
      this.#reportEmpty(variable.name);
    }
    return text;
  }

  #reportEmpty(name: string): void {
    this.report(`${name} must not be empty: remove it, or give it a value`);
  }

  #fromFile(name: string, path: string): string | undefined {
    try {
      const text = clean(this.#source.readFile(path));
      if (text === undefined) {
        this.report(`${name} must name a file with text: ${shownPath(path)} is empty`);
      }
      return text;
    } catch (error) {
      const cause = error instanceof Error ? error.message : "it cannot be read";
      this.report(`${name} must name a readable file: ${shownPath(path)}: ${cause}`);
      return undefined;
    }
  }
}

/** Removes surrounding space and one pair of quotes; what is empty then counts as unset. */
export function clean(raw: string | undefined): string | undefined {
  const text = raw?.trim() ?? "";
  const unquoted = /^(["'])([^]*)\1$/.exec(text)?.[2] ?? text;
  return unquoted.trim() === "" ? undefined : unquoted;
}

function rowOf(name: VariableName): Variable {
  return VARIABLE_ROWS.find((row) => row.name === name)!;
}

function parsed<T>(result: Parsed<T>, name: string): T {
  if ("value" in result) return result.value;
  throw new Error(`The fallback of ${name} ${result.rule}`);
}

function shown(variable: Variable, text: string): string {
  // An address with an at-sign may hold credentials.
  if (variable.secret || text.includes("@")) return "(hidden)";
  return `'${escapeControls(cut(text, 80))}'`;
}

/** What looks like no path may be the secret itself, put into the wrong variable. */
function shownPath(path: string): string {
  return /[/\\.]/.test(path) ? `'${escapeControls(cut(path, 80))}'` : "(hidden)";
}
