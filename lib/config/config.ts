/** Settings → configuration, or all problems at once. */
import type { LogLevel } from "../base/log.ts";
import { parseTracking, type Tracking } from "../coder/tracking.ts";
import { Settings, type SettingsSource } from "./settings.ts";
import { boolean, duration, integer, matching, oneOf, type Parser } from "./parsers.ts";

/** Where the outbox lives. */
export type OutboxLocation =
  /** A file of this machine. */
  | { readonly kind: "file"; readonly path: string }
  /** The platform's own database. */
  | { readonly kind: "platform" }
  /** A KV Connect server. */
  | { readonly kind: "remote"; readonly url: string };

/** Everything an operator can set. Durations are milliseconds. */
export interface Config {
  /** Empty in a dry run that has none. */
  readonly apiKey: string;
  /** Where the key is read again from while PlatformX refuses it. */
  readonly apiKeyFile: string | undefined;
  readonly apiUrl: string;
  readonly tracking: Tracking;
  readonly trackingIsDefault: boolean;
  /** Lower-case; undefined: all. */
  readonly domains: ReadonlySet<string> | undefined;
  readonly logLevel: LogLevel;
  /** Undefined: text on a terminal, else JSON. */
  readonly logFormat: "text" | "json" | undefined;
  readonly host: string;
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The current secret and, while it is changed, the previous one; empty: everybody may send. */
  readonly webhookSecrets: readonly string[];
  readonly readSecret: string | undefined;
  readonly testData: boolean;
  /** 0: no limit. */
  readonly ratePerMinute: number;
  readonly dryRun: boolean;
  /** Undefined: direct delivery. */
  readonly outbox: OutboxLocation | undefined;
  readonly outboxMaxAge: number;
  readonly outboxMaxPending: number;
  readonly deliveryDeadline: number;
  readonly dedupWindow: number;
  readonly shutdownGrace: number;
}

/** Result of {@link parseConfig}. Each text is a sentence for the operator. */
export type ParsedConfig =
  | { readonly config: Config; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

/** What a key may look like: it goes into a header. */
export const API_KEY = /^[\x21-\x7e]+$/;

/** Coder sends again for less than this: see `coder/patience.ts`. */
const CODER_RETRIES_FOR = 30 * 60_000;

/** Reads the whole configuration. `needsKey`: the command talks to PlatformX. */
export function parseConfig(source: SettingsSource, needsKey: boolean): ParsedConfig {
  const settings = new Settings(source);
  const warnings: string[] = [];

  const dryRun = settings.value("DRY_RUN", boolean);
  const apiKey = settings.optional(
    "GETDX_API_KEY",
    matching(API_KEY, "must be printable ASCII without spaces"),
  );
  const keyIsUnset = settings.text("GETDX_API_KEY") === undefined &&
    settings.path("GETDX_API_KEY") === undefined;
  if (needsKey && !dryRun && keyIsUnset) {
    settings.report(
      "GETDX_API_KEY must be set: take the key from the project's page in PlatformX, or set DRY_RUN=true",
    );
  }

  const trackingIsDefault = settings.text("EVENTS_TRACKED") === undefined;
  const list = settings.value("EVENTS_TRACKED", (text) => ({ value: text }));
  const { tracking, errors, warnings: aboutTracking } = parseTracking(list);
  for (const error of errors) settings.report(`EVENTS_TRACKED: ${error}`);
  warnings.push(...aboutTracking.map((warning) => `EVENTS_TRACKED: ${warning}`));

  const secret = settings.text("WEBHOOK_SECRET");
  const previous = settings.text("WEBHOOK_SECRET_PREVIOUS");
  if (previous !== undefined && !settings.isSet("WEBHOOK_SECRET")) {
    settings.report(
      "WEBHOOK_SECRET_PREVIOUS must not be set without WEBHOOK_SECRET: set WEBHOOK_SECRET to the new secret",
    );
  }
  if (secret === undefined) {
    warnings.push(
      "WEBHOOK_SECRET is not set: whoever reaches this port can send events. Set it, and put it into Coder's endpoint",
    );
  }

  const cert = settings.contents("TLS_CERT_FILE");
  const key = settings.contents("TLS_KEY_FILE");
  if ((settings.text("TLS_CERT_FILE") === undefined) !== (settings.text("TLS_KEY_FILE") === undefined)) {
    settings.report("TLS_CERT_FILE and TLS_KEY_FILE must be set together: set both, or none");
  }

  if (cert !== undefined && !cert.includes("-----BEGIN CERTIFICATE-----")) {
    settings.report("TLS_CERT_FILE must name a file with a certificate chain as PEM");
  }
  if (key !== undefined && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    settings.report("TLS_KEY_FILE must name a file with a private key as PEM");
  }

  const apiUrl = settings.value("GETDX_API_URL", platformxUrl);
  if (isPlainRemote(apiUrl)) {
    warnings.push("GETDX_API_URL is http: the key and addresses travel unencrypted. Use https");
  }
  const testData = settings.value("GETDX_TEST_DATA", boolean);
  if (testData) warnings.push("GETDX_TEST_DATA is on: every event sends its person a survey, unthrottled");
  const dedupWindow = settings.value("DEDUP_WINDOW", duration("1ms", "365d"));
  if (dedupWindow < CODER_RETRIES_FOR) {
    warnings.push(
      "DEDUP_WINDOW is under 30m: Coder repeats a message that long, so a repetition can become a second event",
    );
  }
  // With it, a malformed header of a client ends the whole process (seen with Deno 2.4 and 2.9).
  if (source.get("DENO_TRUST_PROXY_HEADERS")) {
    settings.report(
      "DENO_TRUST_PROXY_HEADERS must not be set: with it, a request can crash the process. Unset it",
    );
  }

  const onDeploy = source.get("DENO_DEPLOY") !== undefined;

  const config: Config = {
    apiKey: apiKey ?? "",
    apiKeyFile: settings.path("GETDX_API_KEY"),
    apiUrl,
    tracking,
    trackingIsDefault,
    domains: settings.optional("EMAIL_DOMAINS", domains),
    logLevel: settings.value("LOG_LEVEL", oneOf(LOG_LEVEL_WORDS)),
    logFormat: settings.optional("LOG_FORMAT", oneOf({ text: "text", json: "json" } as const)),
    host: settings.value("HOST", matching(/^[^\s/]+$/, "must be an address or a host name")).replace(
      /^\[(.*)\]$/,
      "$1",
    ),
    port: settings.value("PORT", integer(0, 65535)),
    tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    webhookSecrets: [secret, previous].filter((text) => text !== undefined),
    readSecret: settings.text("READ_SECRET"),
    testData,
    ratePerMinute: settings.value("GETDX_RATE_LIMIT", integer(0, 1_000_000)),
    dryRun,
    outbox: settings.optional("OUTBOX", outboxLocation(onDeploy)),
    outboxMaxAge: settings.value("OUTBOX_MAX_AGE", duration("1s", "365d")),
    outboxMaxPending: settings.value("OUTBOX_MAX_PENDING", integer(1, 1_000_000_000)),
    deliveryDeadline: settings.value("DELIVERY_DEADLINE", duration("1s", "30s")),
    dedupWindow,
    shutdownGrace: settings.value("SHUTDOWN_GRACE", duration("0s", "10m")),
  };
  const problems = [...new Set(settings.problems)];
  return problems.length > 0 ? { problems } : { config, warnings };
}

const LOG_LEVEL_WORDS = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARNING: "WARNING",
  WARN: "WARNING",
  ERROR: "ERROR",
} as const;

const platformxUrl: Parser<string> = (text) => {
  const rule = "must be an http or https address without user name and password";
  // The core has no URL; the host is all that is needed of it.
  const match = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[^/?#\s\\:@[\]]+)(?::(\d{1,5}))?(?:[/?][^\s#]*)?$/i.exec(
    text,
  );
  return match === null || Number(match[1] ?? 0) > 65535 ? { rule } : { value: text };
};

/** @param onDeploy the process runs on Deno Deploy, where files do not last */
function outboxLocation(onDeploy: boolean): Parser<OutboxLocation> {
  return (text) => {
    if (text === "kv") {
      return onDeploy
        ? { value: { kind: "platform" } }
        : { rule: "must not be kv but on Deno Deploy: name a file" };
    }
    if (/^https:\/\//i.test(text)) {
      return "value" in platformxUrl(text)
        ? { value: { kind: "remote", url: text } }
        : { rule: "must be a KV Connect address without user name and password" };
    }
    if (/^(?:[a-z][a-z0-9+.-]+)?:/i.test(text)) {
      return { rule: "must be a file path, kv, or an https address: nothing else outlives the process" };
    }
    if (onDeploy) return { rule: "must be kv or an https address on Deno Deploy: files do not last there" };
    return { value: { kind: "file", path: text } };
  };
}

function isPlainRemote(url: string): boolean {
  return /^http:/i.test(url) &&
    !/^http:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:[/?]|$)/i.test(url);
}

const domains: Parser<ReadonlySet<string>> = (text) => {
  const names = text.split(",").map((name) => name.trim().toLowerCase().replace(/^@/, "")).filter((name) =>
    name !== ""
  );
  const usable = names.length > 0 && names.every((name) => /^[^\s@]+$/.test(name));
  return usable
    ? { value: new Set(names) }
    : { rule: "must be domains like example.com, separated by commas" };
};
