/** How a value is shown to operators: a secret may stand in the wrong variable. */
import { cut, escapeControls } from "../base/redact.ts";
import type { Variable } from "./variables.ts";

/** What stands for a value that is not shown. */
export const HIDDEN = "(hidden)";

/** A value, at most `limit` characters of it; or {@link HIDDEN}. */
export function shownValue(variable: Variable, text: string, limit = 80): string {
  const { list, name, namesFile, secret } = variable;
  if (name === "OUTBOX") return withoutAddress(text);
  if (secret || HOLDS_SECRET.test(text) || (!list && /[\r\n]/.test(text))) return HIDDEN;
  if (namesFile) return shownPath(text);
  return escapeControls(cut(withoutQuery(text), limit));
}

/** A path; what does not begin like one may be the secret itself. */
export function shownPath(path: string): string {
  const isPath = /^(?:\.{0,2}[\\/]|[a-z]:[\\/])[^\r\n]*$/i.test(path) && !HOLDS_SECRET.test(path);
  return isPath ? escapeControls(cut(path, 80)) : HIDDEN;
}

/** Credentials before an at-sign, however it is written, and keys as PEM. Lists may have domains as `@example.com`. */
const HOLDS_SECRET = /[^\s,;](?:[@\uff20]|%40)|-----BEGIN/i;

/** Gateways take tokens in queries. */
function withoutQuery(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:[^?#]*)[?#][^]*$/i, `$1?${HIDDEN}`);
}

/** A path, a file's name or a single word as it is: an address may have a password in it. */
function withoutAddress(text: string): string {
  if (/^(?:[a-z]{1,12}|:memory:|[\w.-]{1,60}\.(?:db|sqlite3?))$/i.test(text)) return text;
  const scheme = /^[a-z]{2,12}:/i.exec(text)?.[0];
  return scheme === undefined ? shownPath(text) : `${scheme}${HIDDEN}`;
}
