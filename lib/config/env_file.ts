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

/** Reads the text. `file`: what sentences call it. No sentence holds a value: it may be a secret. */
export function envFileOf(file: string, text: string): EnvFileText {
  const settings = new Map<string, { readonly value: string; readonly line: number }>();
  const problems: Notice[] = [];
  const warnings: Notice[] = [];
  const warn = (variable: string, text: string) =>
    warnings.push({ variable, text: escapeControls(`${file} ${text}`) });
  const unknown: number[] = [];
  const noSettings: number[] = [];
  for (const found of parseDotenv(text)) {
    const { kind, line } = found;
    const name = kind === "no_setting" ? settingMeantBy(found.text) : found.name;
    const meant = name === undefined ? undefined : meantBy(name);
    if (name === undefined) noSettings.push(line);
    else if (meant === undefined) unknown.push(line);
    else if (meant === "runtime") {
      warn(file, `line ${line}: ${name} has no effect there: set it in the environment`);
    } else if (meant !== name) warn(meant, `line ${line}: ${name} is not known: did you mean ${meant}?`);
    else if (kind !== "setting") {
      problems.push({ variable: name, text: `${file} line ${line}: ${name} ${WHAT_TO_WRITE[kind]}` });
    } else {
      const { value, isLiteral } = found;
      const before = settings.get(name);
      if (before !== undefined && before.value !== value) {
        warn(name, `line ${line}: ${name} is set on line ${before.line} too: this one counts`);
      }
      if (!isLiteral && value.includes("${")) {
        warn(name, `line ${line}: \${…} in ${name} is not expanded. Write what it stands for`);
      }
      settings.set(name, { value, line });
    }
  }
  if (unknown.length > 0) warn(file, `${inWords(unknown)}: not known here, and without effect`);
  if (noSettings.length > 0) {
    warn(file, `${inWords(noSettings)}: no setting. Write NAME=value, or begin a comment with #`);
  }
  return { values: new Map([...settings].map(([name, { value }]) => [name, value])), problems, warnings };
}

const WHAT_TO_WRITE = {
  unclosed_quote: "must have a second quotation mark at its end: close it, or leave the first one out",
  text_after_quote: "must have nothing but a comment behind its quotation marks: quote the whole value",
  no_setting: "must be written NAME=value: this line sets nothing",
} as const;

/** The known variable that a line begins with which is no setting: `PORT: 80`, `set PORT=80`, `- PORT=80`, `PORT`. */
function settingMeantBy(line: string): string | undefined {
  const word = /^(?:export\s+|set\s+|[-+]\s*)?["']?([A-Z_]+)(?!\w)/.exec(line)?.[1];
  return word !== undefined && SETTING_NAMES.includes(word) ? word : undefined;
}

/** The setting that a name is, or is a misspelling of; `runtime`: it is one of the runtime's own. */
function meantBy(name: string): string | undefined {
  if (SETTING_NAMES.includes(name)) return name;
  const isRuntime = /^(?:DENO|NODE|OTEL)_[A-Z_]+$/.test(name) ||
    PLATFORM_VARIABLES.some((known) => known === name);
  if (isRuntime) return "runtime";
  return MISSPELLINGS.get(name) ??
    (name.length > 40 ? undefined : closest(name.toUpperCase(), SETTING_NAMES)?.word);
}

function inWords(lines: readonly number[]): string {
  const more = lines.length > 10 ? ` and ${lines.length - 10} more` : "";
  return `${lines.length === 1 ? "line" : "lines"} ${lines.slice(0, 10).join(", ")}${more}`;
}
