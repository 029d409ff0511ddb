/** Settings of the runtime that decide whom it trusts: it reads them from the process's environment. */
import type { FileText } from "../config/given.ts";
import type { Finding } from "./finding.ts";

/** What the checks go by. */
export interface TrustOptions {
  readonly environment: ReadonlyMap<string, string>;
  /** The file that `DENO_CERT` names; undefined: it names none. */
  readonly extraCa: FileText | undefined;
}

/** Findings about certificate authorities. */
export function trustFindings({ environment, extraCa }: TrustOptions): readonly Finding[] {
  return [
    extraCaFinding(environment.get("DENO_CERT"), extraCa),
    ...store(environment.get("DENO_TLS_CA_STORE")),
  ];
}

function extraCaFinding(path: string | undefined, file: FileText | undefined): Finding {
  const name = "extra CA";
  if (path === undefined) return { name, state: "ok", detail: "none: DENO_CERT is not set" };
  const todo = "Let DENO_CERT name a readable file with the CA's certificate, as PEM";
  if (file === undefined) {
    const detail = "DENO_CERT is set to nothing: no connection can be made";
    return { name, state: "failed", detail, todo: `${todo}, or unset it` };
  }
  if ("cause" in file) return { name, state: "failed", detail: `the file of DENO_CERT: ${file.cause}`, todo };
  const count = file.text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
  if (count === 0) {
    return { name, state: "failed", detail: "the file of DENO_CERT holds no certificate", todo };
  }
  return {
    name,
    state: "ok",
    detail: `${count === 1 ? "1 certificate" : `${count} certificates`} in DENO_CERT`,
  };
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
