/** Values of variables: text → value, or the rule that the text breaks. */

/** A parsed value, or the rule as the end of a sentence: "must be …". */
export type Parsed<T> = { readonly value: T } | { readonly rule: string };

/** Parses one variable's text (trimmed, not empty). */
export type Parser<T> = (text: string) => Parsed<T>;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A whole number and a unit, in milliseconds. `from` and `to` are written as operators write them. */
export function duration(from: string, to: string): Parser<number> {
  const [least, most] = [milliseconds(from)!, milliseconds(to)!];
  const rule = `must be a whole number and one of ms, s, m, h, d, from ${from} to ${to}`;
  return (text) => {
    const value = milliseconds(text);
    return value !== undefined && value >= least && value <= most ? { value } : { rule };
  };
}

function milliseconds(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** A whole number within bounds. */
export function integer(from: number, to: number): Parser<number> {
  const rule = `must be a whole number from ${from} to ${to}`;
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
    return value >= from && value <= to ? { value } : { rule };
  };
}

/** `true`, `false`, `1` or `0`. */
export const boolean: Parser<boolean> = (text) => {
  const value = new Map([["true", true], ["1", true], ["false", false], ["0", false]]).get(
    text.toLowerCase(),
  );
  return value === undefined ? { rule: "must be true, false, 1 or 0" } : { value };
};

/** One of a few words, in any letter case; `words` gives the value of each. */
export function oneOf<T>(words: Readonly<Record<string, T>>): Parser<T> {
  const names = Object.keys(words);
  return (text) => {
    const name = names.find((word) => word.toLowerCase() === text.toLowerCase());
    return name === undefined ? { rule: `must be one of ${names.join(", ")}` } : { value: words[name]! };
  };
}

/** A text that matches a pattern. */
export function matching(pattern: RegExp, rule: string): Parser<string> {
  return (text) => pattern.test(text) ? { value: text } : { rule };
}

/** What people write to switch something on or off: as a text it cannot be meant. */
export function isSwitchWord(text: string): boolean {
  return /^(?:true|false|on|off|yes|no|y|n|0|1|none|null|nil|undefined|enabled?|disabled?|default|unset)$/i
    .test(text);
}

/** Whether it is in the quotation marks of a word processor or a chat: no parser takes these away, and none are meant. */
export function isOddlyQuoted(text: string): boolean {
  return /^[“”„‟‘’‚‛«»‹›＂＇]|^["'][^]*[“”„‟‘’‚‛«»‹›＂＇]$/.test(text);
}

/** What stands for a secret in the documents and in the recipes' files. */
const PLACEHOLDER = /^(?:KEY|SECRET|TOKEN|put-the-[a-z-]+-here)$/;

/** A password or a token: one line, no word that switches something, and nobody's placeholder. */
export function secret(pattern?: RegExp, rule = ""): Parser<string> {
  return (text) => {
    if (isSwitchWord(text)) {
      return { rule: "must not be a word that switches something on or off: leave it out to have none" };
    }
    if (PLACEHOLDER.test(text)) return { rule: "must be your own: this one only stands for it in documents" };
    if (pattern !== undefined && !pattern.test(text)) return { rule };
    return /\p{Cc}/u.test(text) ? { rule: "must be one line without control characters" } : { value: text };
  };
}

/** A list as text. JSON and YAML write lists otherwise, and their signs would become part of the entries. */
export function list(example: string): Parser<string> {
  return (text) =>
    /(?:^|[,;\r\n])\s*["'[{]|["'\]}]\s*(?:$|[,;\r\n])/.test(text)
      ? { rule: `must be written without brackets and quotation marks, like ${example}` }
      : { value: text };
}
