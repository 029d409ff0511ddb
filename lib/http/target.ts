/** What a request is about. */
export interface Target {
  /** As it was sent: a proxy that keeps others from a path compares what it sees, and does not resolve `/./`. */
  readonly path: string;
  readonly query: { has(name: string): boolean; get(name: string): string | null };
}

const NO_QUERY: Target["query"] = { has: () => false, get: () => null };
const ROOT: Target = { path: "/", query: NO_QUERY };

/** Path and query of a request's address; the host in it is whatever the sender wrote, and does not count. */
export function targetOf(url: string): Target {
  // Coder's own form.
  if (url.indexOf("/", url.startsWith("/") ? 0 : url.indexOf("//") + 2) === url.length - 1) return ROOT;
  const [, path, query] = /^(?:[a-z]+:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(url)!;
  return { path: path || "/", query: query === undefined ? NO_QUERY : new URLSearchParams(query) };
}
