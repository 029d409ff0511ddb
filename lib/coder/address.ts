/** One at-sign outside quotation marks, with something before and after it. `＠` counts as one: others may take it so. */
const ONE_ADDRESS = /^(?:[^"@＠]+|"(?:[^"\\]|\\.)+")@[^"@＠]+$/u;

/** What nearly all addresses are. */
const USUAL = /^[a-z0-9._+-]+@[a-z0-9.-]+$/;

/** A text as one e-mail address in lower case; undefined when it is none, or more than one. */
export function addressOf(text: string): string | undefined {
  if (USUAL.test(text)) return text;
  // Blanks, controls, invisible characters, lone surrogates, and what separates addresses.
  const isForbidden = /[\p{Z}\p{Cc}\p{Cf}\p{Cs},<>]/u.test(text);
  return !isForbidden && ONE_ADDRESS.test(text) ? text.toLowerCase() : undefined;
}

/** The part behind the at-sign of what {@link addressOf} returns. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
