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

/** By SQLSTATE (PostgreSQL's documentation, appendix A); by its class where a row has two characters. */
const BY_STATE: Readonly<Record<string, StoreFault>> = {
  "08": "unreachable",
  "25006": "read_only",
  "28": "refused",
  "3D": "refused",
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
  const { code, message } = partsOf(error);
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
  if (/SSL|TLS/.test(message)) return told("refused", false, false);
  if (message === "Query read timeout") return told("slow", false, true);
  return told("unreachable", true, !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(code));
}

function told(fault: StoreFault, isPassing: boolean, isDoubtful: boolean): PostgresFault {
  return { error: new StoreError(fault, TEXTS[fault]), isPassing, isDoubtful };
}

function partsOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: "", message: "" };
  return { code: "code" in error ? String(error.code) : "", message: error.message };
}
