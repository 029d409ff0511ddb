/** Who may send webhooks and see details: a secret as Basic-auth password or bearer token. */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";

/** Compares credentials with secrets, in a time that does not depend on either's content. */
export class Authenticator {
  readonly #digests: readonly Uint8Array[];
  /** The header that was accepted last: a sender sends the same one each time. */
  #lastAccepted = "";

  /** @param secrets any of them is accepted; none: everybody is */
  constructor(secrets: readonly string[]) {
    // An empty secret would be equal to no credential.
    this.#digests = secrets.filter((secret) => secret !== "").map((secret) =>
      digest(Buffer.from(secret, "utf8"))
    );
  }

  /** Whether a secret is asked for at all. */
  get isOpen(): boolean {
    return this.#digests.length === 0;
  }

  /** Whether the `Authorization` header holds one of the secrets. */
  accepts(authorization: string | null): boolean {
    if (this.isOpen || isSame(authorization ?? "", this.#lastAccepted)) return true;
    const credential = digest(credentialOf(authorization) ?? Buffer.alloc(0));
    let accepted = false;
    // Every secret is compared, so that the time does not tell which one it was.
    for (const secret of this.#digests) accepted = timingSafeEqual(secret, credential) || accepted;
    if (accepted) this.#lastAccepted = authorization!;
    return accepted;
  }
}

/** Compares in a time that depends on the length of what was sent only. An empty text is the same as none. */
function isSame(sent: string, known: string): boolean {
  if (known === "") return false;
  let difference = sent.length ^ known.length;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ known.charCodeAt(i % known.length);
  return difference === 0;
}

/**
 * The password of `Basic`, or the token of `Bearer`, as bytes. Go's client sends `user:password` of the endpoint's
 * address, percent-decoded, as UTF-8 in base64 (net/http `Request.SetBasicAuth`); any user name is accepted.
 */
function credentialOf(authorization: string | null): Buffer | undefined {
  const match = /^(basic|bearer) +([\x21-\xff](?:[\x20-\xff]*[\x21-\xff])?) *$/i.exec(authorization ?? "");
  if (match === null) return undefined;
  const [, scheme, value] = match;
  // Header values are bytes, one to a code unit.
  if (scheme!.toLowerCase() === "bearer") return Buffer.from(value!, "latin1");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value!)) return undefined;
  const userAndPassword = Buffer.from(value!, "base64");
  const colon = userAndPassword.indexOf(":");
  return colon < 0 ? undefined : userAndPassword.subarray(colon + 1);
}

/** Equal length for every input: what the constant-time comparison needs. */
function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
