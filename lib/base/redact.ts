/** Words from outside made fit for an answer or a log line: no address, no secret, no control character. */

/** An e-mail address, percent-encoded at-signs included. Both runs are bounded, so matching stays linear. */
const EMAIL = /[^\s@<>()"',;:=]{1,128}(?:@|%40)[^\s@<>()"',;]{1,255}/gi;

/**
 * What breaks a line, moves the cursor or turns the reading direction: controls, invisible format characters, line
 * and paragraph separators, lone surrogates.
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Texts without anything to remove or to escape: nearly all ids and names. */
const PLAIN = /^[\w .-]*$/;

/** How much of a text is looked at, per character that may be shown. */
const LOOK_AHEAD = 8;

/**
 * Removes e-mail addresses and the given secrets, escapes control characters, and cuts to `limit` code points
 * (a cut text ends in `…`).
 */
export function scrub(text: string, secrets: readonly string[], limit = 200): string {
  if (text === "" || (secrets.length === 0 && text.length <= limit && PLAIN.test(text))) return text;
  let shown = text;
  // Secrets go before the first cut, as half a secret would not be recognised; the longest first, as one can hold another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== "") shown = shown.replaceAll(secret, "(removed)");
  }
  const tooLong = shown.length > limit * LOOK_AHEAD;
  // Half a word at the cut could be half an address.
  if (tooLong) shown = withoutLastWord(shown.slice(0, limit * LOOK_AHEAD));
  const clean = escapeControls(shown.replace(EMAIL, "(e-mail)"));
  return cut(tooLong ? `${clean}…` : clean, limit);
}

/** A loop, as a pattern for it would take the square of a long word's length: a second for 16,000 characters. */
function withoutLastWord(text: string): string {
  let end = text.length;
  while (end > 0 && !/\s/.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Spells control characters as `\u{hex}`, so that a text cannot forge a line or colour a terminal. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** JSON for people's terminals: control characters are escaped, line breaks between members stay. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(CONTROL, (character) => {
    if (character === "\n") return character;
    return [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  });
}

/** Cuts to `limit` code points; a cut text ends in `…`, which counts. */
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
export function maskEmail(email: string): string {
  const at = email.lastIndexOf("@");
  if (at <= 0) return "(hidden)";
  return escapeControls(`${String.fromCodePoint(email.codePointAt(0)!)}…${email.slice(at)}`);
}
