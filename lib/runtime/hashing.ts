/** SHA-256 of a text, in base64 without padding. */
export type Hash = (text: string) => string;

let loading: Promise<Hash> | undefined;

/**
 * The runtime's own. Deno takes some 20 ms to load it (2.9), so it is asked for when the service listens, and each
 * webhook waits for it.
 */
export function loadHash(): Promise<Hash> {
  return loading ??= import("node:crypto").then(({ hash }) => (text) => hash("sha256", text, "base64url"));
}
