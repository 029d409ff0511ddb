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
  if (match === null) return { rule: FORM };
  const parts = match.slice(1).map((part) => part === undefined ? "" : decoded(part));
  const given = (match[6] ?? "").split("&").filter((pair) => pair !== "").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name, decoded(value.join("="))] as const;
  });
  if (parts.includes(undefined) || given.some(([, value]) => value === undefined)) return { rule: FORM };
  const [user = "", password = "", hostName = "", port, database = ""] = parts;
  const parameters = new Map(given);
  if (parameters.size < given.length) return { rule: "must name each parameter once" };
  const unknown = given.find(([name]) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    return { rule: `must have no other parameters than ${PARAMETERS.join(", ")}: take the others out` };
  }
  const host = parameters.get("host") ?? hostName.replace(/^\[(.*)\]$/, "$1");
  if (user === "" || host === "") return { rule: FORM };
  if (parameters.has("host") && (hostName !== "" || !host.startsWith("/"))) {
    return { rule: "must have in host= the folder of the server's socket, and no host name then" };
  }
  if (Number(port) > 65535) return { rule: "must have a port from 1 to 65535" };
  const schema = parameters.get("schema") ?? "coder_platformx";
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    return {
      rule: "must have in schema= a name of lower-case letters, digits and _ that does not begin with pg_",
    };
  }
  const mode = parameters.get("sslmode") ??
    (host.startsWith("/") || (isLoopback(host) && rootCert === undefined) ? "disable" : "verify-full");
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
      port: port === "" ? 5432 : Number(port),
      user,
      password: password === "" ? undefined : password,
      database: database === "" ? user : database,
      schema,
      tls: mode === "verify-full",
      rootCert: rootCert?.text,
    },
  };
}

const FORM =
  "must be like postgres://user:password@host:5432/database, with what is no letter or digit in user name " +
  "and password percent-encoded (@ is %40, / is %2F)";

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
