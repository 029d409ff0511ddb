/** `EMAIL_DOMAINS`: whose addresses may be told to PlatformX. */
import { entriesOf } from "../base/entries.ts";

/** Which domains are meant. */
export class DomainRules {
  readonly #domains: ReadonlySet<string>;
  readonly #parents: ReadonlySet<string>;

  /** @param parents domains whose sub-domains are meant, they themselves not; all lower-case, without final dots */
  constructor(domains: ReadonlySet<string>, parents: ReadonlySet<string>) {
    this.#domains = domains;
    this.#parents = parents;
  }

  /** Whether an address's domain is meant, in any letter case. */
  has(domain: string): boolean {
    const name = domain.toLowerCase().replace(/\.$/, "");
    if (this.#domains.has(name)) return true;
    if (this.#parents.size === 0) return false;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      if (dot > 0 && this.#parents.has(name.slice(dot + 1))) return true;
    }
    return false;
  }
}

/** Rules, or one sentence for each entry that can match nobody. */
export type ParsedDomains =
  | { readonly rules: DomainRules; readonly errors?: undefined }
  | { readonly errors: readonly string[] };

/** Parses the list. */
export function parseDomains(list: string): ParsedDomains {
  const domains = new Set<string>();
  const parents = new Set<string>();
  const errors: string[] = [];
  for (const entry of entriesOf(list)) {
    const [, wildcard, name = ""] = /^(?:(\*\.)|@)?([^]*?)\.?$/.exec(entry.toLowerCase())!;
    const isUsable = isDomain(name) && (wildcard !== undefined || name.includes("."));
    if (!isUsable) errors.push(`'${shown(entry)}' can match nobody: ${whatToWrite(entry.toLowerCase())}`);
    else if (wildcard === undefined) domains.add(name);
    else parents.add(name);
  }
  if (errors.length === 0 && domains.size + parents.size === 0) errors.push(`no domain is named: ${FORM}`);
  return errors.length > 0 ? { errors } : { rules: new DomainRules(domains, parents) };
}

/** Letters and digits of any script, as addresses have them; not a number alone at the end, which is an IP address. */
function isDomain(name: string): boolean {
  const isLabel = (label: string) => label.length <= 63 && /^(?!-)[\p{L}\p{M}\p{N}_-]+(?<!-)$/u.test(label);
  return name.length <= 253 && name.split(".").every(isLabel) && !/(?:^|\.)\d+$/.test(name);
}

const FORM = "write domains like example.com, or *.example.com for its sub-domains";

function whatToWrite(entry: string): string {
  if (/^(?:\*|all|any|everybody|true|false|none|no|off|null)$/.test(entry)) {
    return "leave EMAIL_DOMAINS out if everybody is meant";
  }
  const address = /^[^@]+@([^@]+)$/.exec(entry)?.[1];
  if (address !== undefined && isDomain(address)) return `write ${address}`;
  const host = /^[a-z]+:\/\/([^/:?#@]+)(?:[:/?#][^@]*)?$/.exec(entry)?.[1];
  if (host !== undefined && isDomain(host)) return `write ${host}`;
  const below = /^\*?\.?([^*]+)$/.exec(entry)?.[1];
  if (entry !== below && below !== undefined && isDomain(below) && below.includes(".")) {
    return `write *.${below} for its sub-domains, ${below} for itself`;
  }
  return FORM;
}

/** Without the part before an at-sign, which may be a person's, or a secret, and without what an address has behind its path. */
function shown(entry: string): string {
  return entry.replace(/^[^]+@/, "(hidden)@").replace(/[?#][^]+$/, "?(hidden)").slice(0, 80);
}
