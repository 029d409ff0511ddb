/** Who may send webhooks and see details: a secret as Basic-auth password or bearer token. */

/** Compares credentials with secrets, in a time that depends on the length of what was sent only. */
export class Authenticator {
  readonly #secrets: readonly string[];
  /** Whether no secret is asked for. */
  readonly isOpen: boolean;

  /** @param secrets any of them is accepted; none: everybody is */
  constructor(secrets: readonly string[]) {
    this.isOpen = secrets.length === 0;
    // An empty secret would be equal to no credential.
    this.#secrets = secrets.filter((secret) => secret !== "").map(bytesOf);
  }

  /** Whether the `Authorization` header holds one of the secrets. */
  accepts(authorization: string | null): boolean {
    if (this.isOpen) return true;
    const credential = credentialOf(authorization) ?? "";
    let accepted = false;
    // Every secret is compared, so that the time does not tell which one it was.
    for (const secret of this.#secrets) accepted = isSame(credential, secret) || accepted;
    return accepted;
  }

  /** Whether a URL's path holds one of the secrets: it is then not to be shown. */
  occursIn(path: string): boolean {
    const bytes = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return this.#secrets.some((secret) => bytes.includes(secret));
  }
}

/** Both texts hold one byte to a code unit. An empty text is the same as none. */
function isSame(sent: string, known: string): boolean {
  let difference = sent.length ^ known.length;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ known.charCodeAt(i % known.length);
  return difference === 0;
}

/**
 * The password of `Basic`, or the token of `Bearer`, one byte to a code unit, as header values are. Go's client sends
 * `user:password` of the endpoint's address, percent-decoded, as UTF-8 in base64 (net/http `Request.SetBasicAuth`); any
 * user name is accepted.
 */
function credentialOf(authorization: string | null): string | undefined {
  const match = /^(basic|bearer) +([\x21-\xff](?:[\x20-\xff]*[\x21-\xff])?) *$/i.exec(authorization ?? "");
  if (match === null) return undefined;
  const [, scheme, value] = match;
  if (scheme!.toLowerCase() === "bearer") return value!;
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value!)) return undefined;
  const base64 = value!.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  // A single character at the end holds no whole byte.
  const userAndPassword = atob(base64.length % 4 === 1 ? base64.slice(0, -1) : base64);
  const colon = userAndPassword.indexOf(":");
  return colon < 0 ? undefined : userAndPassword.slice(colon + 1);
}

/** A text's UTF-8, one byte to a code unit. */
function bytesOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}
