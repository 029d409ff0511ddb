/** Settings → configuration, or all problems at once. */
import { parseDomains } from "../coder/domains.ts";
import { parseTracking } from "../coder/tracking.ts";
import { httpAddress, isReadableByOthers, listenHost } from "./addresses.ts";
import type { Config, ParsedConfig } from "./config.ts";
import { clean, type Given, textOf } from "./given.ts";
import { isDatabaseUrl, type OutboxLocation, outboxLocation } from "./outbox_location.ts";
import { boolean, duration, integer, list, oneOf, type Parser, secret } from "./parsers.ts";
import { postgresLocation } from "./postgres_location.ts";
import { Settings } from "./settings.ts";

/** Parses the whole configuration. `needsKey`: the command talks to PlatformX. */
export function parseConfig(given: Given, needsKey: boolean): ParsedConfig {
  const settings = new Settings(given);
  for (const [name, why] of REFUSED) {
    if (given.environment.get(name)) settings.report(name, `${name} must not be set: ${why}. Unset it`);
  }
  const delivery = deliveryIn(settings);
  if (delivery.dryRun && settings.found("GETDX_API_KEY").state === "set") {
    settings.warn(
      "DRY_RUN",
      "DRY_RUN is on although GETDX_API_KEY is set: nothing is sent. Unset DRY_RUN to send events",
    );
  }
  const coder = coderIn(settings);
  const config: Config = {
    platformx: platformxIn(settings, needsKey && !delivery.dryRun),
    http: httpIn(settings),
    log: {
      level: settings.value("LOG_LEVEL", oneOf(LOG_LEVEL_WORDS)),
      format: settings.optional("LOG_FORMAT", oneOf({ text: "text", json: "json" } as const)),
    },
    events: eventsIn(settings, coder !== undefined),
    delivery,
    outbox: outboxIn(settings, given),
    coder,
    shutdownGrace: settings.value("SHUTDOWN_GRACE", duration("0s", "10m")),
  };
  const { problems, warnings } = settings;
  return problems.length > 0 ? { problems } : { config, warnings };
}

/** Variables of the runtime with which the service cannot keep its word (seen with Deno 2.9). */
const REFUSED = [
  ["DENO_TRUST_PROXY_HEADERS", "with it, a request can crash the process"],
  ["DENO_SERVE_ADDRESS", "with it, the service listens elsewhere than HOST and PORT say"],
] as const;

/** Longer than Coder sends a failed message again (`coder/patience.ts`), in milliseconds. */
const CODER_RETRIES_FOR = 30 * 60_000;

/** A key or a token: it goes into a header. */
export const headerSecret: Parser<string> = secret(
  /^[\x21-\x7e]+$/,
  "must be printable ASCII without spaces",
);

function deliveryIn(settings: Settings): Config["delivery"] {
  const dedupWindow = settings.value("DEDUP_WINDOW", duration("1ms", "365d"));
  if (dedupWindow < CODER_RETRIES_FOR) {
    settings.warn(
      "DEDUP_WINDOW",
      "DEDUP_WINDOW is under 30m: Coder repeats a message that long, so a repetition can become a second event",
    );
  }
  return {
    dryRun: settings.value("DRY_RUN", boolean),
    deadline: settings.value("DELIVERY_DEADLINE", duration("1s", "30s")),
    dedupWindow,
  };
}

function platformxIn(settings: Settings, needsKey: boolean): Config["platformx"] {
  const { path, state } = settings.found("GETDX_API_KEY");
  if (needsKey && state !== "set") {
    settings.report(
      "GETDX_API_KEY",
      "GETDX_API_KEY must be set: take the key from the project's page in PlatformX, or set DRY_RUN=true",
    );
  }
  const url = settings.value("GETDX_API_URL", httpAddress({ query: true }));
  if (isReadableByOthers(url)) {
    settings.warn(
      "GETDX_API_URL",
      "GETDX_API_URL is http: the key and addresses travel unencrypted. Use https",
    );
  }
  const testData = settings.value("GETDX_TEST_DATA", boolean);
  if (testData) {
    settings.warn(
      "GETDX_TEST_DATA",
      "GETDX_TEST_DATA is on: every event sends its person a survey, unthrottled",
    );
  }
  return {
    url,
    key: settings.optional("GETDX_API_KEY", headerSecret) ?? "",
    keyFile: path,
    testData,
    ratePerMinute: settings.value("GETDX_RATE_LIMIT", integer(0, 1_000_000)),
  };
}

function httpIn(settings: Settings): Config["http"] {
  const current = settings.optional("WEBHOOK_SECRET", secret());
  const previous = settings.optional("WEBHOOK_SECRET_PREVIOUS", secret());
  const { state } = settings.found("WEBHOOK_SECRET");
  if (previous !== undefined && state === "unset") {
    settings.report(
      "WEBHOOK_SECRET_PREVIOUS",
      "WEBHOOK_SECRET_PREVIOUS must not be set without WEBHOOK_SECRET: set WEBHOOK_SECRET to the new secret",
    );
  }
  if (previous !== undefined && previous === current) {
    settings.warn(
      "WEBHOOK_SECRET_PREVIOUS",
      "WEBHOOK_SECRET_PREVIOUS is the same as WEBHOOK_SECRET: the old secret is not taken. Set it to the old one",
    );
  }
  if (state === "unset") {
    settings.warn(
      "WEBHOOK_SECRET",
      "WEBHOOK_SECRET is not set: whoever reaches this port can send events. Set it, and put it into Coder's endpoint",
    );
  }
  return {
    host: settings.value("HOST", listenHost),
    port: settings.value("PORT", integer(0, 65535)),
    tls: tlsIn(settings),
    webhookSecrets: [current, previous].filter((text) => text !== undefined),
    readSecret: settings.optional("READ_SECRET", secret()),
  };
}

function tlsIn(settings: Settings): Config["http"]["tls"] {
  const [cert, key] = [settings.contents("TLS_CERT_FILE"), settings.contents("TLS_KEY_FILE")];
  settings.bothOrNone("TLS_CERT_FILE", "TLS_KEY_FILE");
  if (cert !== undefined && !cert.includes("-----BEGIN CERTIFICATE-----")) {
    settings.report(
      "TLS_CERT_FILE",
      "TLS_CERT_FILE must name a file with a certificate chain as PEM",
    );
  }
  if (key !== undefined && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    settings.report(
      "TLS_KEY_FILE",
      "TLS_KEY_FILE must name a file with a private key as PEM",
    );
  }
  return cert !== undefined && key !== undefined ? { cert, key } : undefined;
}

const LOG_LEVEL_WORDS = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARNING: "WARNING",
  WARN: "WARNING",
  ERROR: "ERROR",
} as const;

function eventsIn(settings: Settings, canAsk: boolean): Config["events"] {
  const names = settings.value("EVENTS_TRACKED", list("Workspace Created, Workspace Deleted"));
  const { tracking, errors, warnings } = parseTracking(names, { canAsk });
  for (const error of errors) settings.report("EVENTS_TRACKED", `EVENTS_TRACKED: ${error}`);
  for (const { entry, text } of warnings) settings.warn("EVENTS_TRACKED", `EVENTS_TRACKED: ${text}`, entry);
  const domains = settings.optional("EMAIL_DOMAINS", list("example.com, example.org"));
  const parsed = domains === undefined ? undefined : parseDomains(domains);
  for (const error of parsed?.errors ?? []) settings.report("EMAIL_DOMAINS", `EMAIL_DOMAINS: ${error}`);
  return {
    tracking,
    isDefault: settings.text("EVENTS_TRACKED") === undefined,
    domains: parsed !== undefined && "rules" in parsed ? parsed.rules : undefined,
  };
}

function outboxIn(settings: Settings, given: Given): Config["outbox"] {
  const location = locationIn(settings, given);
  const maxAge = settings.value("OUTBOX_MAX_AGE", duration("1s", "365d"));
  const maxPending = settings.value("OUTBOX_MAX_PENDING", integer(1, 1_000_000_000));
  if (location?.kind === "sqlite" && given.isContainer && /^(?![\\/]|[a-z]:)/i.test(location.path)) {
    settings.warn(
      "OUTBOX",
      "OUTBOX is a path relative to the working directory: in a container it is lost with it. Name a path on a volume",
    );
  }
  return location && { location, maxAge, maxPending };
}

function locationIn(settings: Settings, given: Given): OutboxLocation | undefined {
  const options = {
    onDeploy: given.environment.has("DENO_DEPLOY"),
    rootCert: given.files.get("sslrootcert"),
  };
  const text = settings.text("OUTBOX");
  if (text === undefined || !isDatabaseUrl(text)) {
    return settings.optional("OUTBOX", (path) => outboxLocation(path, options));
  }
  const url = clean(textOf(given, "DATABASE_URL"));
  if (url !== undefined) {
    return settings.parse(
      { name: "DATABASE_URL", secret: true, about: "" },
      url,
      (address) => postgresLocation(address, options),
    );
  }
  settings.report(
    "OUTBOX",
    "OUTBOX=postgres takes the address from DATABASE_URL, which must be set then: set it, or write it into OUTBOX",
  );
  return undefined;
}

function coderIn(settings: Settings): Config["coder"] {
  const url = settings.optional("CODER_URL", httpAddress({ query: false }))?.replace(/\/$/, "");
  const token = settings.optional("CODER_SESSION_TOKEN", headerSecret);
  settings.bothOrNone("CODER_URL", "CODER_SESSION_TOKEN");
  if (url !== undefined && isReadableByOthers(url)) {
    settings.warn(
      "CODER_URL",
      "CODER_URL is http: the token and addresses travel unencrypted. Use https",
    );
  }
  return url !== undefined && token !== undefined ? { url, token } : undefined;
}
