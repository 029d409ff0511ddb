/** Settings of the runtime that decide whom it trusts: they must be in the process's environment, not in `.env`. */
import type { Finding } from "./finding.ts";
import type { SettingsSource } from "../config/settings.ts";

/** What the checks need from outside. */
export interface TrustOptions {
  /** The environment and `.env`. */
  readonly source: SettingsSource;
  /** The process's environment alone. */
  readonly environment: (name: string) => string | undefined;
}

/** Findings about extra certificate authorities, and about what the runtime does not see. */
export function trustFindings({ source, environment }: TrustOptions): readonly Finding[] {
  const unseen = RUNTIME_VARIABLES.filter((name) => environment(name) === undefined && source.get(name)).map(
    (name): Finding => ({
      name,
      state: "warning",
      detail: "set in .env only, where the runtime does not look",
      todo: "Set it in the environment",
    }),
  );
  return [extraCa(environment("DENO_CERT"), source), ...store(environment("DENO_TLS_CA_STORE")), ...unseen];
}

const PROXIES = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/** What the runtime reads from its environment for a connection. */
const RUNTIME_VARIABLES: readonly string[] = [
  ...PROXIES.flatMap((name) => [name, name.toLowerCase()]),
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
];

function extraCa(path: string | undefined, source: SettingsSource): Finding {
  const name = "extra CA";
  if (path === undefined) return { name, state: "ok", detail: "none: DENO_CERT is not set" };
  const todo = "Let DENO_CERT name a readable file with the CA's certificate, as PEM";
  if (path === "") {
    const detail = "DENO_CERT is set to nothing: no connection can be made";
    return { name, state: "failed", detail, todo: `${todo}, or unset it` };
  }
  try {
    const count = source.readFile(path).match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
    if (count === 0) {
      return { name, state: "failed", detail: "the file of DENO_CERT holds no certificate", todo };
    }
    return {
      name,
      state: "ok",
      detail: `${count === 1 ? "1 certificate" : `${count} certificates`} in DENO_CERT`,
    };
  } catch (error) {
    // The message names the cause, not the path.
    const cause = error instanceof Error ? error.message : "it cannot be read";
    return { name, state: "failed", detail: `the file of DENO_CERT: ${cause}`, todo };
  }
}

function store(text: string | undefined): readonly Finding[] {
  if (!text) return [];
  const name = "CA store";
  const known = text.split(",").every((entry) => ["mozilla", "system"].includes(entry.trim()));
  return known ? [{ name, state: "ok", detail: `${text}, by DENO_TLS_CA_STORE` }] : [{
    name,
    state: "failed",
    detail: "DENO_TLS_CA_STORE is not usable: no connection can be made",
    todo: "Set it to system, mozilla, or system,mozilla",
  }];
}
