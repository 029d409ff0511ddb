/** Words made fit for an answer, a log line or a span: no address, no secret, no control character. */

declare const redacted: unique symbol;

/** Text that may be told to whoever reads logs, answers and spans. Only this module makes it. */
export type Redacted = string & { readonly [redacted]: true };

/**
 * What may be told: redacted text, or words of the program's own, whose type is a literal (or several). A text from
 * outside has the type `string` and is refused by the compiler, also inside a template.
 */
export type Shown<T> = T extends Redacted ? T
  : T extends string ? Record<never, 1> extends Record<T, 1> ? never : T
  : T;

function asRedacted(text: string): Redacted {
  return text as Redacted;
}

/** Words of the program's own, with numbers and redacted text between them. */
export function plain<const V extends readonly (string | number | boolean)[]>(
  words: TemplateStringsArray,
  ...values: { readonly [I in keyof V]: Shown<V[I]> }
): Redacted {
  let text = words[0]!;
  for (let i = 0; i < values.length; i++) text += `${values[i]}${words[i + 1]}`;
  return asRedacted(text);
}

/** A text of the program's own, in pieces. Their types must be literals: no text from outside passes for one. */
export function constant<const T extends readonly string[]>(
  ...pieces: { readonly [I in keyof T]: Shown<T[I]> }
): Redacted {
  return asRedacted(pieces.join(""));
}

/** Redacted texts with a separator between them. */
export function joined(texts: readonly Redacted[], separator: ", " | " " | "; " = ", "): Redacted {
  return asRedacted(texts.join(separator));
}

/** A sentence without what ends it: others follow, or fields. */
export function unended(sentence: Redacted): Redacted {
  return asRedacted(sentence.trim().replace(/\.$/, ""));
}

/** A text as it is, for the lines at DEBUG of which the documents say that they hold addresses. */
export function inFull(text: string): Redacted {
  return asRedacted(text);
}

/** A notification's name as it may be shown: at most 60 code points. */
export function shownName(name: string): Redacted {
  return scrub(name, [], 60);
}

/** A message's id as it may be shown: at most 64 code points. Coder's are UUIDs; other senders write what they like. */
export function shownId(id: string): Redacted {
  return scrub(id, [], 64);
}

/** Texts without anything to remove or to escape: nearly all ids, names and sentences. `@`, `%`, `&` and `\` begin an at-sign. */
const HARMLESS = /^[ !"#$'-?A-Z[\]^-~]*$/;

/** How much of a text is looked at, per character that may be shown. */
const LOOK_AHEAD = 8;

/**
 * Removes e-mail addresses and the given secrets, escapes control characters, and cuts to `limit` code points
 * (a cut text ends in `…`).
 */
export function scrub(text: string, secrets: readonly string[], limit = 200): Redacted {
  if (secrets.length === 0 && text.length <= limit && HARMLESS.test(text)) return asRedacted(text);
  let shown = text;
  // Secrets go before the first cut, as half a secret would not be recognised; the longest first, as one can hold another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== "") shown = shown.replaceAll(secret, "(removed)");
  }
  const tooLong = shown.length > limit * LOOK_AHEAD;
  if (tooLong) shown = withoutHalfAddress(shown.slice(0, limit * LOOK_AHEAD));
  const clean = escapeControls(withoutAddresses(shown));
  return asRedacted(cut(tooLong ? `${clean}…` : clean, limit));
}

/** Every spelling of an at-sign: wide and small ones, percent-encoded (also twice), as in JSON and in HTML. */
const AT = /[@＠﹫]|%(?:25)*(?:40|EF%(?:25)*BC%(?:25)*A0)|\\u0040|&(?:#0*64|#x0*40|commat);/gi;

/** What ends an address to its left. `'`, `=` and `/` do not: a local part may hold them. */
const LEFT_END = /[\s<>()",;:@＠﹫]/;

/** What follows an at-sign up to the address's end, further at-signs included. */
const RIGHT = /[^\s<>()"',;]*/y;

/** Characters in which a quoted local part is looked for; it may have 64 (RFC 5321, 4.5.3.1.1). */
const LONGEST_QUOTED = 256;

/** Time is linear in the text: no character is passed twice in one direction. */
function withoutAddresses(text: string): string {
  let shown = "";
  let done = 0;
  AT.lastIndex = 0;
  for (let at = AT.exec(text); at !== null; at = AT.exec(text)) {
    const start = startOfLocal(text, at.index, done);
    if (start === at.index) continue;
    RIGHT.lastIndex = AT.lastIndex;
    const end = AT.lastIndex + (RIGHT.exec(text)?.[0].length ?? 0);
    if (end === AT.lastIndex) continue;
    shown += text.slice(done, start) + "(e-mail)";
    done = AT.lastIndex = end;
  }
  return shown + text.slice(done);
}

function startOfLocal(text: string, at: number, from: number): number {
  if (text[at - 1] === '"') return startOfQuoted(text, at - 1, from) ?? at;
  let start = at;
  while (start > from && !LEFT_END.test(text[start - 1]!)) start--;
  // Not part of the address: 'alice@example.com' in quotation marks.
  while (start < at && text[start] === "'") start++;
  return start;
}

/**
 * Where `"john doe"` begins, which may hold escaped quotation marks and may stand in JSON as `\"john doe\"`. Undefined: what
 * is quoted holds no letter or digit.
 */
function startOfQuoted(text: string, close: number, from: number): number | undefined {
  const escapes = backslashesBefore(text, close);
  let start: number | undefined;
  for (let open = close - 1; open >= Math.max(from, close - LONGEST_QUOTED); open--) {
    if (text[open] !== '"') continue;
    const more = backslashesBefore(text, open);
    start = Math.max(from, open - more);
    // One with more backslashes is inside, if there is another one before it.
    if (more <= escapes) break;
  }
  return start !== undefined && /[\p{L}\p{N}]/u.test(text.slice(start, close)) ? start : undefined;
}

function backslashesBefore(text: string, end: number): number {
  let count = 0;
  while (count < LONGEST_QUOTED && text[end - 1 - count] === "\\") count++;
  return count;
}

/**
 * Half a word at the cut could be half an address, and so could a quotation that does not end. A loop, as a pattern
 * for it would take the square of a long word's length: a second for 16,000 characters.
 */
function withoutHalfAddress(text: string): string {
  let end = text.length;
  while (end > 0 && !/\s/.test(text[end - 1]!)) end--;
  const quote = text.lastIndexOf('"', end - 1);
  const isOpen = quote >= 0 && quote >= end - LONGEST_QUOTED && text.slice(quote + 1, end).search(AT) !== 0;
  return text.slice(0, isOpen ? quote : end);
}

/**
 * What breaks a line, moves the cursor or turns the reading direction: controls, invisible format characters, line
 * and paragraph separators, lone surrogates.
 */
function replaceControls(text: string, spell: (character: string) => string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, spell);
}

/** Spells control characters as `\u{hex}`, so that a text cannot forge a line or colour a terminal. */
export function escapeControls(text: string): string {
  return replaceControls(text, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** JSON for people's terminals: control characters are escaped, line breaks between members stay. */
export function printableJson(value: unknown): string {
  return replaceControls(JSON.stringify(value, null, 2), (character) => {
    if (character === "\n") return character;
    return [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  });
}

/** Cuts to `limit` code points; a cut text ends in `…`, which counts. */
export function cut(text: Redacted, limit: number): Redacted;
export function cut(text: string, limit: number): string;
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let units = 0;
  for (let points = 0; points < limit - 1 && units < text.length; points++) {
    units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  }
  const rest = text.codePointAt(units);
  if (rest === undefined || units + (rest > 0xffff ? 2 : 1) >= text.length) return text;
  return text.slice(0, units) + "…";
}

/** Masks an address so that an operator recognises it and nobody else learns it: `a…@example.com`. */
export function maskEmail(email: string): Redacted {
  const at = email.lastIndexOf("@");
  if (at <= 0) return constant("(hidden)");
  return asRedacted(escapeControls(`${String.fromCodePoint(email.codePointAt(0)!)}…${email.slice(at)}`));
}
