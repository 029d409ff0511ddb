/** Takes settings one by one out of what was found, and collects every problem, so that operators hear of all at once. */
import { escapeControls } from "../base/redact.ts";
import { clean, type FileText, type Given, type Notice, rowOf, textOf } from "./given.ts";
import { isOddlyQuoted, type Parsed, type Parser } from "./parsers.ts";
import { HIDDEN, shownPath, shownValue } from "./shown.ts";
import { type Variable, VARIABLE_ROWS, type VariableName } from "./variables.ts";

/** A variable as it was found. */
export interface Found {
  /** Its text, or its file's; undefined: it is not set, or cannot be used. */
  readonly text: string | undefined;
  /** The variable that counts: `NAME`, or `NAME_FILE`. */
  readonly variable: string;
  /** Path of the file that the text is from. */
  readonly path: string | undefined;
  /** Whether it, or its file, is set at all, usable or not. */
  readonly state: "unset" | "empty" | "set";
}

/** The settings in what was found. */
export class Settings {
  readonly #given: Given;
  readonly #found = new Map<string, Found>();
  readonly #problems: Notice[];
  readonly #warnings: Notice[];

  constructor(given: Given) {
    this.#given = given;
    this.#problems = [...given.problems];
    this.#warnings = [...given.warnings];
    for (const row of VARIABLE_ROWS) this.#found.set(row.name, this.#find(row));
  }

  /** All problems so far, each a sentence: variable, rule, current value. */
  get problems(): readonly Notice[] {
    return this.#problems;
  }

  /** What works, but perhaps not as meant. */
  get warnings(): readonly Notice[] {
    return this.#warnings;
  }

  /** Adds a problem: a whole sentence. */
  report(variable: string, text: string): void {
    this.#problems.push({ variable, text: escapeControls(text) });
  }

  /** Adds a warning. `entry`: the part of a list that it is about. */
  warn(variable: string, text: string, entry?: string): void {
    const notice = { variable, text: escapeControls(text) };
    this.#warnings.push(entry === undefined ? notice : { ...notice, entry });
  }

  /** Reports two variables of which one is set and the other is not. */
  bothOrNone(one: VariableName, other: VariableName): void {
    if ((this.found(one).state === "set") === (this.found(other).state === "set")) return;
    this.report(one, `${one} and ${other} must be set together: set both, or none`);
  }

  /** A variable as it was found. */
  found(name: VariableName): Found {
    return this.#found.get(name)!;
  }

  /** The trimmed text of a variable, or of its file; undefined when it is not set. */
  text(name: VariableName): string | undefined {
    return this.found(name).text;
  }

  /** The text of the file that a variable names. */
  contents(name: VariableName): string | undefined {
    const path = this.text(name);
    return path === undefined ? undefined : this.#fromFile(name, path);
  }

  /** The parsed value of a variable that has a fallback. */
  value<T>(name: VariableName, parser: Parser<T>): T {
    return this.optional(name, parser) ?? parsed(parser(this.fallback(name) ?? ""), name);
  }

  /** What counts where a variable is not set, as an operator would write it. */
  fallback(name: VariableName): string | undefined {
    const { fallback, fallbackOnDeploy } = rowOf(name);
    return this.#given.environment.has("DENO_DEPLOY") ? fallbackOnDeploy ?? fallback : fallback;
  }

  /** The parsed value of a variable; undefined when it is not set or not usable (which is then a problem). */
  optional<T>(name: VariableName, parser: Parser<T>): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.parse(rowOf(name), text, parser);
  }

  /** The parsed value of a text that is taken for a variable's; undefined when it is not usable. */
  parse<T>(row: Variable, text: string, parser: Parser<T>): T | undefined {
    const result = isOddlyQuoted(text) ? { rule: ODDLY_QUOTED } : parser(text);
    if ("value" in result) return result.value;
    this.report(row.name, `${row.name} ${result.rule}: current value is ${inQuotes(shownValue(row, text))}`);
    return undefined;
  }

  #find({ name, file, mustNotBeEmpty }: Variable): Found {
    const raw = textOf(this.#given, name);
    const own = clean(raw);
    const rawPath = file ? textOf(this.#given, `${name}_FILE`) : undefined;
    const path = clean(rawPath);
    const isEmpty = own === undefined && path === undefined;
    const state = !isEmpty ? "set" : raw === undefined && rawPath === undefined ? "unset" : "empty";
    if (mustNotBeEmpty) {
      if (raw !== undefined && own === undefined) this.report(name, `${name} ${EMPTY}`);
      if (rawPath !== undefined && path === undefined) this.report(`${name}_FILE`, `${name}_FILE ${EMPTY}`);
    }
    if (own?.includes("\ufffd")) this.report(name, `${name} must be UTF-8: it holds bytes that are no text`);
    if (own !== undefined && path !== undefined) {
      this.report(name, `${name} and ${name}_FILE are both set: set one of them`);
      return { text: undefined, variable: name, path: undefined, state };
    }
    if (path !== undefined) {
      const variable = `${name}_FILE`;
      return { text: this.#fromFile(variable, path), variable, path, state };
    }
    return { text: own, variable: name, path: undefined, state };
  }

  #fromFile(variable: string, path: string): string | undefined {
    const file: FileText = this.#given.files.get(variable) ?? { cause: "it cannot be read" };
    if ("cause" in file) {
      this.report(
        variable,
        `${variable} must name a readable file: ${inQuotes(shownPath(path))}: ${file.cause}`,
      );
      return undefined;
    }
    const text = clean(file.text);
    if (text === undefined) {
      this.report(variable, `${variable} must name a file with text: ${inQuotes(shownPath(path))} is empty`);
    }
    return text;
  }
}

const EMPTY = "must not be empty: remove it, or give it a value";
const ODDLY_QUOTED =
  "must not be in typographic quotation marks, which would be part of it: write ' or \", or none";

function inQuotes(shown: string): string {
  return shown === HIDDEN ? shown : `'${shown}'`;
}

function parsed<T>(result: Parsed<T>, name: string): T {
  if ("value" in result) return result.value;
  throw new Error(`The fallback of ${name} ${result.rule}`);
}
