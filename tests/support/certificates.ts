/** Certificates: one that is always the same, and ones of an authority that nobody trusts unless told to, by openssl. */
import { needs, succeed } from "./process.ts";
import { fileOf } from "./files.ts";

/** A server's certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A throwaway for `localhost` and `127.0.0.1`, signed by itself. */
export const FIXED_CERTIFICATE: Certificate = {
  cert: Deno.readTextFileSync(fileOf("tests/fixtures/tls_cert.pem")),
  key: Deno.readTextFileSync(fileOf("tests/fixtures/tls_key.pem")),
};

/** A certificate, and where it is. */
export interface Issued extends Certificate {
  readonly files: { readonly cert: string; readonly key: string };
  /** File with the certificate of the authority that signed it, for `DENO_CERT`. */
  readonly caFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * Makes an authority, and a certificate that it signed.
 *
 * @param folder where the files go
 * @param names whom the certificate is for, as in `DNS:example.com` and `IP:127.0.0.1`
 * @param days for which it is valid, from now on or back
 */
export async function issueCertificate(folder: string, names: readonly string[], days = 2): Promise<Issued> {
  await needs("openssl", "install Debian's package openssl");
  const file = (name: string) => `${folder}/${name}.pem`;
  const openssl = (...options: readonly string[]) => succeed(["openssl", ...options]);
  await openssl(
    ...["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", "/CN=Private CA of a test"],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-out", file("ca"), "-keyout", file("ca_key")],
  );
  await openssl(
    ...["req", ...NEW_KEY, "-subj", "/CN=server", "-addext", `subjectAltName=${names}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-out", file("request"), "-keyout", file("server_key")],
  );
  // A second command, because `req` refuses days that are over.
  await openssl(
    ...[
      "x509",
      "-req",
      "-in",
      file("request"),
      "-CA",
      file("ca"),
      "-CAkey",
      file("ca_key"),
      "-CAcreateserial",
    ],
    ...["-days", String(days), "-copy_extensions", "copy", "-out", file("server")],
  );
  const files = { cert: file("server"), key: file("server_key") };
  const [cert, key] = await Promise.all([files.cert, files.key].map((path) => Deno.readTextFile(path)));
  return { cert: cert!, key: key!, files, caFile: file("ca") };
}
