/** What a request is about. */
export interface Target {
  readonly path: string;
  readonly query: { has(name: string): boolean; get(name: string): string | null };
}

const NO_QUERY: Target["query"] = { has: () => false, get: () => null };
const ROOT: Target = { path: "/", query: NO_QUERY };

/** Path and query of a request's address; the host in it is whatever the sender wrote, and does not count. */
export function targetOf(url: string): Target {
  const path = url.indexOf("/", url.startsWith("/") ? 0 : url.indexOf("//") + 2);
  // Coder's own form: `URL` takes longer than all other checks together.
  if (path === url.length - 1) return ROOT;
  const { pathname, searchParams } = new URL(`http://localhost${path < 0 ? "/" : url.slice(path)}`);
  return { path: pathname, query: searchParams };
}
