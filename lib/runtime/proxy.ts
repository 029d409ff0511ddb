/** Which proxy the runtime takes on the way to an address. */

/** The way to an address. */
export type Way =
  | { readonly kind: "direct" }
  /** `variable` names a proxy, but `NO_PROXY` excepts the address. */
  | { readonly kind: "excepted"; readonly variable: string }
  /** `host` has no credentials; `scheme` is how the proxy itself is spoken to. */
  | { readonly kind: "proxy"; readonly variable: string; readonly scheme: string; readonly host: string };

/** Way to an address, and variables whose text the runtime passes over. */
export interface ProxySeen {
  readonly way: Way;
  readonly unusable: readonly string[];
}

/**
 * Follows the runtime's own rules (Deno `ext/fetch/proxy.rs`): ALL_PROXY goes before the scheme's own variable, upper
 * case before lower case, and what cannot be used is passed over in silence.
 *
 * @param url http or https
 * @param get the process's environment
 */
export function proxyTo(url: string, get: (name: string) => string | undefined): ProxySeen {
  const { protocol, hostname } = new URL(url);
  const own = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const set = ["ALL_PROXY", own].flatMap((name) => [name, name.toLowerCase()]).filter((name) => get(name));
  const unusable = set.filter((variable) => partsOf(get(variable)!) === undefined);
  const variable = set.find((name) => !unusable.includes(name));
  if (variable === undefined) return { way: { kind: "direct" }, unusable };
  const exceptions = get("NO_PROXY") ?? get("no_proxy") ?? "";
  if (excepts(exceptions, hostname)) return { way: { kind: "excepted", variable }, unusable };
  return { way: { kind: "proxy", variable, ...partsOf(get(variable)!)! }, unusable };
}

/** Scheme, host and port of a proxy; undefined: the runtime does not use this text. */
function partsOf(proxy: string): { readonly scheme: string; readonly host: string } | undefined {
  const match =
    /^(?:(https?|socks5h?):\/\/)?(?:([^@/?#\s]*)@)?((?:\[[\da-f:.]+\]|[^@/?#\s:[\]]+)(?::\d{1,5})?)(?:[/?#][^@\s]*)?$/i
      .exec(proxy);
  if (match === null) return undefined;
  const [, scheme = "http", credentials, host] = match;
  if (credentials !== undefined && !credentials.includes(":")) return undefined;
  return { scheme: scheme.toLowerCase(), host: host! };
}

function excepts(list: string, hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const entries = list.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
  const address = ipv4(host);
  if (address !== undefined || host.includes(":")) {
    return entries.some((entry) => entry === host || (address !== undefined && isWithin(address, entry)));
  }
  return entries.some((entry) => {
    const domain = entry.replace(/^\./, "");
    return entry === "*" || host === domain || host.endsWith(`.${domain}`);
  });
}

/** @param network like 10.0.0.0/8 */
function isWithin(address: number, network: string): boolean {
  const [base = "", bits = ""] = network.split("/");
  const start = ipv4(base);
  if (start === undefined || !/^(?:\d|[12]\d|3[0-2])$/.test(bits)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(start / size);
}

function ipv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
