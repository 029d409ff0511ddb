/** The settings of a `.env`, and what in it does not do what its writer may think. */
import { closest } from "../base/closest.ts";
import { escapeControls } from "../base/redact.ts";
import { parseDotenv } from "./dotenv.ts";
import type { Notice } from "./given.ts";
import { MISSPELLINGS, PLATFORM_VARIABLES, SETTING_NAMES } from "./variables.ts";

/** What a file with settings says. */
export interface EnvFileText {
  readonly values: ReadonlyMap<string, string>;
  /** Lines that were to set something known, and do not. */
  readonly problems: readonly Notice[];
  readonly warnings: readonly Notice[];
}

/** Reads the text. `file`: what sentences call it. */
export function envFileOf(file: string, text: string): EnvFileText {
  const values = new Map<string, string>();
  const lineOf = new Map<string, number>();
  const problems: Notice[] = [];
  const warnings: Notice[] = [];
  const noSettings: number[] = [];
  const strangers: Stranger[] = [];
  for (const found of parseDotenv(text)) {
    const at = `${file} line ${found.line}`;
    const name = found.kind === "no_setting" ? settingMeantBy(found.text) : found.name;
    if (found.kind === "no_setting" && name === undefined) noSettings.push(found.line);
    else if (name === undefined || !SETTING_NAMES.includes(name)) {
      strangers.push({ name: name ?? "", line: found.line });
    } else if (found.kind !== "setting") {
      problems.push({ variable: name, text: `${at}: ${name} ${WHAT_TO_WRITE[found.kind]}` });
    } else {
      const before = lineOf.get(name);
      if (before !== undefined && values.get(name) !== found.value) {
        warnings.push({
          variable: name,
          text: `${at}: ${name} is set on line ${before} too: this one counts`,
        });
      }
      if (!found.isLiteral && found.value.includes("${")) {
        const text =
          `${at}: the \${…} in ${name} stays as it is: nothing is expanded. Write what it stands for`;
        warnings.push({ variable: name, text });
      }
      values.set(name, found.value);
      lineOf.set(name, found.line);
    }
  }
  warnings.push(...aboutStrangers(file, strangers));
  if (noSettings.length > 0) {
    const are = noSettings.length === 1 ? "is no setting" : "are no settings";
    const text = `${file} ${inWords(noSettings)} ${are}: write NAME=value, or begin a comment with #`;
    warnings.push({ variable: file, text });
  }
  return { values, problems, warnings };
}

const WHAT_TO_WRITE = {
  unclosed_quote:
    "must have a second quotation mark at the end of its value: close it, or leave the first one out",
  text_after_quote:
    "must have nothing behind the closing quotation mark but a comment: quote the whole value",
  no_setting: "must be written NAME=value: this line sets nothing",
} as const;

/** The known variable that a line begins with which is no setting: `PORT: 80`, `set PORT=80`, `- PORT=80`, `PORT`. */
function settingMeantBy(line: string): string | undefined {
  const word = /^(?:export\s+|set\s+|[-+]\s*)?["']?([A-Z_]+)(?![\w])/.exec(line)?.[1];
  return word !== undefined && SETTING_NAMES.includes(word) ? word : undefined;
}

/** A name that sets nothing. */
interface Stranger {
  readonly name: string;
  readonly line: number;
}

function aboutStrangers(file: string, strangers: readonly Stranger[]): readonly Notice[] {
  const others: Stranger[] = [];
  const notices: Notice[] = [];
  for (const stranger of strangers) {
    const meant = meantBy(stranger.name);
    if (meant === undefined) {
      others.push(stranger);
      continue;
    }
    const at = `${file} line ${stranger.line}: ${stranger.name}`;
    const text = meant === "runtime"
      ? `${at} has no effect there: set it in the environment`
      : `${at} is not known: did you mean ${meant}?`;
    notices.push({ variable: meant === "runtime" ? file : meant, text: escapeControls(text) });
  }
  if (others.length === 0) return notices;
  // What is no plain name may be half a secret.
  const named = others.filter(({ name }) => PLAIN_NAME.test(name)).slice(0, 10).map(({ name }) => name);
  const which = named.length === others.length ? named.join(", ") : inWords(others.map(({ line }) => line));
  const are = others.length === 1 ? "is" : "are";
  return [...notices, {
    variable: file,
    text: `${file}: ${which} ${are} not known here, and without effect`,
  }];
}

const PLAIN_NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;

/** The setting that a name is a misspelling of; `runtime`: it is one of the runtime's own. */
function meantBy(name: string): string | undefined {
  if (/^(?:DENO|NODE|OTEL)_[A-Z_]+$/.test(name)) return "runtime";
  if (PLATFORM_VARIABLES.some((known) => known === name)) return "runtime";
  const meant = MISSPELLINGS.get(name);
  if (meant !== undefined) return meant;
  return name.length > 40 ? undefined : closest(name.toUpperCase(), SETTING_NAMES)?.word;
}

/** Lines 3, 4, 9 and 12 more. */
function inWords(lines: readonly number[]): string {
  const shown = lines.slice(0, 10).join(", ");
  const more = lines.length > 10 ? ` and ${lines.length - 10} more` : "";
  return `${lines.length === 1 ? "line" : "lines"} ${shown}${more}`;
}
