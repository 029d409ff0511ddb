/** A certificate authority that nobody trusts unless told to, made by openssl. */
import assert from "node:assert/strict";
import { needs, run } from "./executable.ts";

/** A server's certificate and its key, as PEM, and the file with the certificate of the authority that signed it. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  /** For `DENO_CERT`. */
  readonly caFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/**
 * Makes an authority, and a certificate that it signed.
 *
 * @param folder where the files go
 * @param names whom the certificate is for, as in `DNS:example.com` and `IP:127.0.0.1`
 */
export async function issueCertificate(folder: string, names: readonly string[]): Promise<Issued> {
  await needs("openssl", "install Debian's package openssl");
  const file = (name: string) => `${folder}/${name}.pem`;
  await openssl([
    ...NEW_KEY,
    ...["-subj", "/CN=Private CA of a test", "-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-out", file("ca"), "-keyout", file("ca_key")],
  ]);
  await openssl([
    ...NEW_KEY,
    ...["-CA", file("ca"), "-CAkey", file("ca_key"), "-subj", "/CN=server"],
    ...["-addext", `subjectAltName=${names}`, "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-out", file("server"), "-keyout", file("server_key")],
  ]);
  return {
    cert: await Deno.readTextFile(file("server")),
    key: await Deno.readTextFile(file("server_key")),
    caFile: file("ca"),
  };
}

async function openssl(options: readonly string[]): Promise<void> {
  const { code, stderr } = await run(["openssl", "req", "-x509", ...options]);
  assert.equal(code, 0, stderr);
}
