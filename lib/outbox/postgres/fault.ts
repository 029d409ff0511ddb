/** Errors of PostgreSQL and of the way to it → what is wrong with the store. */
import { constant, type Redacted } from "../../base/redact.ts";
import { StoreError, type StoreFault } from "../store_fault.ts";

/** What becomes of a statement that failed. */
export interface PostgresFault {
  readonly error: StoreError;
  /** Whether asking again at once may help. */
  readonly isPassing: boolean;
  /** Whether it may have been carried out all the same. */
  readonly isDoubtful: boolean;
}

const TEXTS: Partial<Readonly<Record<StoreFault, Redacted>>> = {
  read_only: constant(
    "the database server takes no changes, as a standby does: let OUTBOX name the primary",
  ),
  full: constant(
    "the database server's disk is full: make room there",
  ),
  broken: constant(
    "the database server says that its data is damaged: see its log, and restore a backup",
  ),
  failing: constant(
    "the database server fails: see its log",
  ),
  busy: constant(
    "the database server is out of connections, memory or locks: see its log, and who else uses it",
  ),
  forbidden: constant(
    "this user may not make or use its tables: let an administrator run what ",
    "'coder-platformx outbox schema' prints",
  ),
};

/** A role that is not let into the database may have every right in it. */
const MAY_NOT_CONNECT = constant(
  "this user may not connect to the database: let an administrator run GRANT CONNECT ON DATABASE for it",
);

/** By SQLSTATE (PostgreSQL's documentation, appendix A); by its class where a row has two characters. */
const BY_STATE: Readonly<Record<string, StoreFault>> = {
  "08": "unreachable",
  "25006": "read_only",
  "28": "refused",
  "28P01": "no_login",
  "3D": "no_database",
  "3F": "tables_gone",
  "40": "busy",
  "42501": "forbidden",
  "42P01": "tables_gone",
  "42703": "tables_gone",
  "53": "busy",
  "53100": "full",
  "55": "busy",
  "57": "unreachable",
  "57014": "slow",
  "58": "failing",
  "XX001": "broken",
  "XX002": "broken",
};

/** Names an error by its kind: its own text may quote the address and what was sent. */
export function postgresFault(error: unknown): PostgresFault {
  if (error instanceof StoreError) return { error, isPassing: false, isDoubtful: false };
  const { code, message, severity } = partsOf(error);
  if (code === "42501" && severity === "FATAL") {
    return { error: new StoreError("forbidden", MAY_NOT_CONNECT), isPassing: false, isDoubtful: false };
  }
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith("E")) {
    const fault = BY_STATE[code] ?? BY_STATE[code.slice(0, 2)] ?? "failing";
    const isLost = fault === "unreachable";
    return told(fault, isLost || /^40|^55P03/.test(code), isLost && code !== "57P03");
  }
  if (
    /CERT|SELF_SIGNED|UNABLE_TO|ISSUER/i.test(code) || /certificate|issuer|altname|hostname/i.test(message)
  ) {
    return told("not_trusted", false, false);
  }
  if (/does not support SSL/.test(message)) return told("no_tls", false, false);
  if (/SSL|TLS/.test(message)) return told("tls_failed", false, false);
  // The server asks for a password, and OUTBOX has none.
  if (/^SASL/.test(message)) return told("no_login", false, false);
  if (message === "Query read timeout") return told("slow", false, true);
  return told("unreachable", true, !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(code));
}

/** The error of a fault, in the words for a database server. */
export function storeError(fault: StoreFault): StoreError {
  return new StoreError(fault, TEXTS[fault]);
}

function told(fault: StoreFault, isPassing: boolean, isDoubtful: boolean): PostgresFault {
  return { error: storeError(fault), isPassing, isDoubtful };
}

function partsOf(error: unknown): Readonly<Record<"code" | "message" | "severity", string>> {
  if (!(error instanceof Error)) return { code: "", message: "", severity: "" };
  const { code = "", severity = "" } = error as { readonly code?: unknown; readonly severity?: unknown };
  return { code: String(code), message: error.message, severity: String(severity) };
}
