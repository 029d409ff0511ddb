/**
 * The text of a `.env` → its settings, line by line. The grammar is python-dotenv's (its README, "File format", and its
 * parser, 1.2.4), as the Python sample read its `.env` with it; but nothing is expanded, and what it skips is told.
 */

/** What stands at a line; lines are counted from 1. */
export type DotenvLine =
  | {
    readonly kind: "setting";
    readonly line: number;
    readonly name: string;
    readonly value: string;
    /** In single quotes: meant as it stands. */
    readonly isLiteral: boolean;
  }
  | { readonly kind: "unclosed_quote" | "text_after_quote"; readonly line: number; readonly name: string }
  | { readonly kind: "no_setting"; readonly line: number; readonly text: string };

const BLANK = String.raw`[^\S\r\n]*`;
const NAME = String
  .raw`(?:export[^\S\r\n]+|(?!export[^\S\r\n]))(?:'([^'\r\n]+)'|([^'=#\s][^=#\s]*))${BLANK}=`;
const QUOTED = String.raw`${BLANK}(?:'((?:\\[^]|[^'\\])*)'|"((?:\\[^]|[^"\\])*)")`;

const SPACE = /\s*(?:#[^\r\n]*\s*)*/y;
const QUOTED_SETTING = new RegExp(`${NAME}${QUOTED}${BLANK}(?:#[^\\r\\n]*)?(?![^\\r\\n])`, "y");
const CLOSED = new RegExp(`${NAME}${QUOTED}[^\\r\\n]*`, "y");
const SETTING = new RegExp(`${NAME}([^\\r\\n]*)`, "y");
const LINE = /[^\r\n]*/y;

/** Parses the text; a byte order mark is passed over. */
export function parseDotenv(file: string): readonly DotenvLine[] {
  const text = file.replace(/^\ufeff/, "");
  const lines: DotenvLine[] = [];
  let at = 0;
  let line = 1;
  const look = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const pass = (match: RegExpExecArray | null) => {
    const passed = match?.[0] ?? "";
    at += passed.length;
    line += passed.match(/\r\n|[\r\n]/g)?.length ?? 0;
  };
  for (pass(look(SPACE)); at < text.length; pass(look(SPACE))) {
    const [match, found] = settingIn(look, line);
    lines.push(found);
    pass(match);
  }
  return lines;
}

/** What begins where `look` looks, and the text that it takes up. */
function settingIn(
  look: (pattern: RegExp) => RegExpExecArray | null,
  line: number,
): [RegExpExecArray | null, DotenvLine] {
  const quoted = look(QUOTED_SETTING);
  if (quoted !== null) {
    const [, inQuotes, plain, single, double] = quoted;
    const name = inQuotes ?? plain!;
    const value = single?.replace(/\\([\\'])/g, "$1") ?? unescaped(double!);
    return [quoted, { kind: "setting", line, name, value, isLiteral: single !== undefined }];
  }
  const whole = look(LINE);
  const setting = look(SETTING);
  if (setting === null) return [whole, { kind: "no_setting", line, text: whole![0] }];
  const [, inQuotes, plain, raw = ""] = setting;
  const name = inQuotes ?? plain!;
  if (/^\s*["']/.test(raw)) {
    const closed = look(CLOSED);
    return [closed ?? whole, { kind: closed === null ? "unclosed_quote" : "text_after_quote", line, name }];
  }
  // A # begins a comment only after a blank: one in the middle of a password belongs to it.
  const value = raw.replace(/(?<=\s)#[^]*/, "").trim();
  return [setting, { kind: "setting", line, name, value, isLiteral: false }];
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescaped(text: string): string {
  return text.replace(/\\([\\'"abfnrtv])/g, (_, character: string) => ESCAPES[character] ?? character);
}
