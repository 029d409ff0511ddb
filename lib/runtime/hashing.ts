/** The runtime's SHA-256. */

type Hash = (text: string) => string;

let fast: Hash | undefined;

/** SHA-256 of a text, in base64url. Slower before {@link loadHash}. */
export async function sha256(text: string): Promise<string> {
  if (fast !== undefined) return fast(text);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Loads what hashes twenty times as fast. Deno 2.9 takes 30 ms for it, in which nothing else happens. */
export async function loadHash(): Promise<void> {
  const { hash } = await import("node:crypto");
  fast = (text) => hash("sha256", text, "base64url");
}
