/** A PostgreSQL server as the place where events wait. */
import { isLoopback } from "./addresses.ts";
import type { FileText } from "./given.ts";
import type { Parsed } from "./parsers.ts";

/** A PostgreSQL server; everything but `kind` and `schema` is kept out of messages. */
export interface PostgresLocation {
  readonly kind: "postgres";
  /** Without brackets; a path: the folder of the server's socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** Where the service's tables are. */
  readonly schema: string;
  /** Whether the connection is encrypted, and the server's certificate and name verified; else it is plain. */
  readonly tls: boolean;
  /** PEM text of the certificate authorities that are trusted instead of the usual ones. */
  readonly rootCert: string | undefined;
}

/** What the parser goes by besides the text. */
export interface PostgresOptions {
  /** The file that `sslrootcert` names. */
  readonly rootCert: FileText | undefined;
}

/** The path in `sslrootcert` of a PostgreSQL address, if there is one to read. */
export function rootCertPath(text: string): string | undefined {
  if (!/^postgres(?:ql)?:/i.test(text)) return undefined;
  const path = decoded(/[?&]sslrootcert=([^&#]*)/.exec(text)?.[1] ?? "");
  return path === "" || path === "system" ? undefined : path;
}

const URL =
  /^postgres(?:ql)?:\/\/([^\s/?#@:]*)(?::([^\s/?#@]*))?@(\[[0-9a-f:.]+\]|[\w.-]*)(?::(\d{1,5}))?(?:\/([^\s/?#@]*))?(?:\?([^\s?#@]*))?$/i;

const PARAMETERS = ["sslmode", "sslrootcert", "schema", "host"];

/** Parses a PostgreSQL address. No rule quotes it: it holds a password. */
export function postgresLocation(text: string, { rootCert }: PostgresOptions): Parsed<PostgresLocation> {
  const match = URL.exec(text);
  const pairs = (match?.[6] ?? "").split("&").filter((pair) => pair !== "").map((pair) => pair.split("="));
  const unknown = pairs.some(([name = ""]) => !PARAMETERS.includes(name));
  if (unknown) {
    return { rule: `must have no other parameters than ${PARAMETERS.join(", ")}: take the others out` };
  }
  const parameters = new Map(pairs.map(([name, ...value]) => [name, decoded(value.join("="))]));
  const parts = match?.slice(1, 6).map((part = "") => decoded(part)) ?? [];
  const [user, password, name = "", port, database] = parts;
  const host = parameters.get("host") ?? name.replace(/^\[(.*)\]$/, "$1");
  // A socket's folder takes the place of a name.
  const isSocket = parameters.has("host") && name === "" && host.startsWith("/");
  const isWhole = user && host && Number(port) <= 65535 && isSocket === parameters.has("host") &&
    ![...parts, ...parameters.values()].includes(undefined) && parameters.size === pairs.length;
  if (!isWhole) return { rule: FORM };
  const schema = parameters.get("schema") ?? "coder_platformx";
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    return {
      rule: "must have in schema= a name of lower-case letters, digits and _ that does not begin with pg_",
    };
  }
  const mode = parameters.get("sslmode") ??
    (isSocket || (isLoopback(host) && rootCert === undefined) ? "disable" : "verify-full");
  if (mode !== "verify-full" && mode !== "disable") {
    return {
      rule: "must have sslmode=verify-full, or sslmode=disable to send everything readable: no other",
    };
  }
  if (rootCert !== undefined) {
    if (mode === "disable") {
      return { rule: "must not have sslrootcert with sslmode=disable: take one of them out" };
    }
    if ("cause" in rootCert) return { rule: `must name in sslrootcert= a readable file: ${rootCert.cause}` };
    if (!rootCert.text.includes("-----BEGIN CERTIFICATE-----")) {
      return { rule: "must name in sslrootcert= a file with certificates as PEM" };
    }
  }
  return {
    value: {
      kind: "postgres",
      host,
      port: Number(port || 5432),
      user,
      password: password || undefined,
      database: database || user,
      schema,
      tls: mode === "verify-full",
      rootCert: rootCert?.text,
    },
  };
}

const FORM =
  "must be like postgres://user:password@host:5432/database, with what is no letter or digit in user name " +
  "and password percent-encoded (%40 is @, %2F a slash), or postgres://user@/database?host=FOLDER for a server's socket";

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
