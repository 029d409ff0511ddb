/** Every variable the service reads: parser, help, README and `.env.sample` follow this list. */

import { DEFAULT_EVENTS_TRACKED } from "../coder/tracking.ts";

/** One environment variable. */
export interface Variable {
  readonly name: string;
  /** As an operator would write it; absent: unset. */
  readonly fallback?: string;
  /** What counts instead on Deno Deploy. */
  readonly fallbackOnDeploy?: string;
  /** The service does not start without it. */
  readonly required?: true;
  /** Its value is never shown. */
  readonly secret?: true;
  /** `NAME_FILE` reads it from a file. */
  readonly file?: true;
  /** Its value is the path of a file. */
  readonly namesFile?: true;
  /** Entries separated by comma, semicolon or line break. */
  readonly list?: true;
  /** Set but empty is an error: an empty value would switch off what the operator meant to switch on. */
  readonly mustNotBeEmpty?: true;
  /** One line for the operator. */
  readonly about: string;
}

/** The variables, in the order in which documents list them. */
export const VARIABLES = [
  {
    name: "GETDX_API_KEY",
    required: true,
    secret: true,
    file: true,
    about: "API key of your PlatformX project",
  },
  {
    name: "EVENTS_TRACKED",
    fallback: DEFAULT_EVENTS_TRACKED.join(", "),
    list: true,
    mustNotBeEmpty: true,
    about: "Notification names or template UUIDs, comma-separated; * for every event that has a person",
  },
  {
    name: "EMAIL_DOMAINS",
    list: true,
    mustNotBeEmpty: true,
    about: "Only people with an address in these domains; *.example.com: its sub-domains; unset: everybody",
  },
  {
    name: "LOG_LEVEL",
    fallback: "INFO",
    about: "The least that is logged: DEBUG, INFO, WARNING (or WARN) or ERROR",
  },
  { name: "LOG_FORMAT", about: "Lines of the log: text or json; unset: text on a terminal, else json" },
  { name: "HOST", fallback: "0.0.0.0", about: "Address to listen on; :: for IPv6 and IPv4" },
  { name: "PORT", fallback: "8080", about: "Port to listen on; 0 picks a free one" },
  { name: "TLS_CERT_FILE", namesFile: true, about: "Certificate chain (PEM): serves HTTPS without a proxy" },
  { name: "TLS_KEY_FILE", namesFile: true, about: "Private key (PEM) of TLS_CERT_FILE" },
  {
    name: "WEBHOOK_SECRET",
    secret: true,
    file: true,
    mustNotBeEmpty: true,
    about: "Password that Coder sends: https://coder:SECRET@host/ in Coder's endpoint setting",
  },
  {
    name: "WEBHOOK_SECRET_PREVIOUS",
    secret: true,
    file: true,
    about: "The old secret, accepted too while the secret is being changed",
  },
  {
    name: "READ_SECRET",
    secret: true,
    file: true,
    about: "Password for reading only: the page, the details of GET /, and /metrics",
  },
  {
    name: "GETDX_API_URL",
    fallback: "https://api.getdx.com/events.track",
    about: "Address at which PlatformX takes events",
  },
  {
    name: "GETDX_TEST_DATA",
    fallback: "false",
    about: "Not harmless: marks events as test data, and each one sends its person a survey",
  },
  { name: "GETDX_RATE_LIMIT", fallback: "300", about: "Most requests to PlatformX in a minute; 0: no limit" },
  { name: "DRY_RUN", fallback: "false", about: "Log events instead of sending them" },
  {
    name: "OUTBOX",
    file: true,
    mustNotBeEmpty: true,
    about: "Where events wait: a file like /data/outbox.db, postgres://…, or postgres (uses DATABASE_URL)",
  },
  {
    name: "OUTBOX_MAX_AGE",
    fallback: "7d",
    about: "How long an event waits in OUTBOX before it becomes a dead letter",
  },
  {
    name: "OUTBOX_MAX_PENDING",
    fallback: "100000",
    about: "Most events in OUTBOX; webhooks beyond that are answered 503",
  },
  {
    name: "DELIVERY_DEADLINE",
    fallback: "10s",
    about: "Without OUTBOX: how long after a webhook's arrival an attempt may start (1s to 30s)",
  },
  {
    name: "DEDUP_WINDOW",
    fallback: "24h",
    about: "How long, from the first copy of a notification, further copies make no event of their own",
  },
  {
    name: "CODER_URL",
    about: "Coder's address: with CODER_SESSION_TOKEN, Coder is asked for addresses that webhooks lack",
  },
  {
    name: "CODER_SESSION_TOKEN",
    secret: true,
    file: true,
    about: "Token of a Coder user with the role auditor",
  },
  {
    name: "SHUTDOWN_GRACE",
    fallback: "12s",
    // Deploy kills the process 5 s after its signal, and the end takes up to 0.5 s more than the grace.
    fallbackOnDeploy: "4s",
    about: "How long work in progress may take to finish at a shutdown; on Deno Deploy 4s if unset",
  },
] as const satisfies readonly Variable[];

/** Name of a variable in {@link VARIABLES}. */
export type VariableName = typeof VARIABLES[number]["name"];

/** OpenTelemetry's limits of one export each, in milliseconds. */
export const EXPORT_LIMITS = ["OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_EXPORT_TIMEOUT"] as const;

/** Variables of the platform that the service looks at, without configuring it: in `.env` they have no effect. */
export const PLATFORM_VARIABLES = [
  "AWS_LAMBDA_FUNCTION_NAME",
  "DENO_CERT",
  "DENO_DEPLOY",
  "DENO_SERVE_ADDRESS",
  "DENO_TLS_CA_STORE",
  "DENO_TRUST_PROXY_HEADERS",
  "JOURNAL_STREAM",
  "K_SERVICE",
  "KUBERNETES_SERVICE_HOST",
  "NO_COLOR",
  // The PostgreSQL client asks for these, whatever it is told.
  "PGBINARY",
  "PGOPTIONS",
  "PGREPLICATION",
  ...EXPORT_LIMITS,
  // Either case, as the runtime reads them.
  "ALL_PROXY",
  "all_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
] as const;

/**
 * What people write instead of a name. A process may read variables by name only, so it cannot list its environment:
 * these names are looked for.
 */
const MISSPELLED: Partial<Record<VariableName, readonly string[]>> = {
  GETDX_API_KEY: [
    ...["GETDX_API_TOKEN", "GETDX_APIKEY", "GETDX_KEY", "GETDX_TOKEN"],
    ...["DX_API_KEY", "DX_API_TOKEN", "PLATFORMX_API_KEY"],
  ],
  EVENTS_TRACKED: [
    ...["EVENT_TRACKED", "EVENTS_TRACK", "EVENTS_TRACKING", "TRACKED_EVENTS", "Events_Tracked"],
    "EVENTS_TRACKED_FILE",
  ],
  EMAIL_DOMAINS: [
    ...["EMAIL_DOMAIN", "EMAILS_DOMAINS", "EMAILDOMAINS", "ALLOWED_DOMAINS", "Email_Domains"],
    "EMAIL_DOMAINS_FILE",
  ],
  LOG_LEVEL: ["LOGLEVEL"],
  LOG_FORMAT: ["LOGFORMAT"],
  TLS_CERT_FILE: ["TLS_CERT"],
  TLS_KEY_FILE: ["TLS_KEY"],
  WEBHOOK_SECRET: [
    ...["WEBHOOK_SECRT", "WEBHOOK_SECRETS", "WEBHOOKSECRET", "Webhook_Secret"],
    ...["WEBHOOK_PASSWORD", "WEBHOOK_TOKEN"],
  ],
  WEBHOOK_SECRET_PREVIOUS: ["WEBHOOK_PREVIOUS_SECRET"],
  READ_SECRET: ["READ_SECRETS", "READ_PASSWORD", "READ_TOKEN"],
  GETDX_API_URL: ["GETDX_URL", "DX_API_URL"],
  GETDX_TEST_DATA: ["GETDX_TESTDATA"],
  GETDX_RATE_LIMIT: ["GETDX_RATELIMIT"],
  DRY_RUN: ["DRYRUN"],
  OUTBOX: ["OUTBOX_PATH", "OUTBOX_URL", "OUTBOX_DB"],
  DEDUP_WINDOW: ["DEDUPE_WINDOW"],
  CODER_SESSION_TOKEN: ["CODER_TOKEN", "CODER_API_TOKEN"],
};

/** The list, seen as plain rows. */
export const VARIABLE_ROWS: readonly Variable[] = VARIABLES;

/** Names that other programs' variables have in small letters. */
const COMMON = ["HOST", "PORT"];

/** What is meant, by what people write instead: small letters too. */
export const MISSPELLINGS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(MISSPELLED).flatMap(([meant, names]) =>
    names.map((name): [string, string] => [name, meant])
  ),
  ...VARIABLE_ROWS.filter(({ name }) => !COMMON.includes(name)).map(({ name }): [string, string] => [
    name.toLowerCase(),
    name,
  ]),
]);

/** Every name that sets something, in the environment and in `.env`. */
export const SETTING_NAMES: readonly string[] = [
  ...VARIABLE_ROWS.flatMap(({ name, file }) => file ? [name, `${name}_FILE`] : [name]),
  // Platforms hand over their database's address under this name: it counts with OUTBOX=postgres.
  "DATABASE_URL",
];

/** Every name that has a meaning for the service. */
export const KNOWN_NAMES: readonly string[] = [...SETTING_NAMES, ...PLATFORM_VARIABLES];

/** Every name the process may read from its environment: the executable's permission is this list. */
export function readableNames(): readonly string[] {
  return [...KNOWN_NAMES, ...MISSPELLINGS.keys()];
}
