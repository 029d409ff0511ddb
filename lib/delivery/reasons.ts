/**
 * Every reason that an outcome can have, and all that is said of it. The answer to Coder, the log and the page use the
 * same sentences: what happened, and what an operator can do.
 */

/** What is said of a reason. */
export interface ReasonRow {
  /** What happened; ends in a full stop. */
  readonly what: string;
  /** What to do about it; empty: nothing. */
  readonly todo: string;
}

/** Why a notification is deliberately not forwarded, in the order in which the reasons are tried. */
export const IGNORED = {
  secret: {
    what: "It holds a password-reset code: dropped unread.",
    todo: "Let Coder send 'One-Time Passcode' by e-mail.",
  },
  not_tracked: { what: "EVENTS_TRACKED does not ask for it.", todo: "Add the name there if it is wanted." },
  no_person: {
    what: "The webhook holds no e-mail address of the person it is about.",
    todo: "'coder-platformx explain' shows what it holds.",
  },
  domain: {
    what: "The person's address is not in EMAIL_DOMAINS.",
    todo: "Add the domain there if it is wanted.",
  },
} as const satisfies Readonly<Record<string, ReasonRow>>;

/** Why nothing could be done now; nothing was lost, and Coder sends again. */
export const UNAVAILABLE = {
  platformx: {
    what: "PlatformX cannot be reached or does not answer properly.",
    todo: "See DX's status page and the way to GETDX_API_URL: 'coder-platformx check'.",
  },
  rate_limit: {
    what: "The rate limit to PlatformX is used up.",
    todo: "See GETDX_RATE_LIMIT and who else uses the DX account's limit.",
  },
  key: {
    what: "PlatformX does not accept GETDX_API_KEY.",
    todo:
      "Replace the key. GETDX_API_KEY_FILE is read again by itself; systemd's copy of it changes only at a restart.",
  },
  url: {
    what: "Something other than PlatformX answers at GETDX_API_URL.",
    todo: "Correct GETDX_API_URL or the proxy variables.",
  },
  outbox: { what: "The event cannot be stored in OUTBOX.", todo: "The log entry outbox_unusable says why." },
  coder: {
    what: "Coder has to be asked for the person, and does not answer.",
    todo: "Check CODER_URL and CODER_SESSION_TOKEN: 'coder-platformx check'.",
  },
  busy: {
    what: "Too many webhooks are in flight.",
    todo: "See who sends so many, and why answers take long.",
  },
  draining: { what: "The service is shutting down.", todo: "" },
} as const satisfies Readonly<Record<string, ReasonRow>>;

/** What is wrong with a request, with the HTTP status that says so. */
export const ERRORS = {
  invalid_json: {
    http: 400,
    what: "The body must be JSON in UTF-8.",
    todo: "Coder's bodies are: see who else sends, or what changes them on the way.",
  },
  unauthorized: {
    http: 401,
    what: "The secret is missing or wrong.",
    todo: "Set Coder's endpoint to https://coder:SECRET@host/ with WEBHOOK_SECRET.",
  },
  not_found: {
    http: 404,
    what: "Webhooks are taken at / only.",
    todo: "Correct the address in Coder's endpoint setting.",
  },
  method_not_allowed: {
    http: 405,
    what: "Use GET for reading, POST for webhooks, which are taken at / only.",
    todo: "Correct Coder's endpoint setting, if Coder sent this.",
  },
  too_slow: {
    http: 408,
    what: "The body did not arrive in time.",
    todo: "Coder sends it again; see the network and the proxy in front.",
  },
  too_large: {
    http: 413,
    what: "The body is above the limit.",
    todo: "Of Coder's only the weekly report of failed builds can be, which is nobody's event.",
  },
  unsupported_media_type: {
    http: 415,
    what: "The body must be application/json without Content-Encoding.",
    todo: "Coder's bodies are: see who else sends, or what changes them on the way.",
  },
  redirected: {
    http: 421,
    what: "A redirect turned this webhook into a GET without a body.",
    todo: "Give Coder the final address: https, host and path as this service is reached without a redirect.",
  },
  invalid_notification: {
    http: 422,
    what: "It is not a notification as Coder sends it.",
    todo: "See who else sends; if it was Coder, report it with Coder's version.",
  },
  internal: {
    http: 500,
    what: "The service failed.",
    todo: "Report the log entry internal_error.",
  },
} as const satisfies Readonly<Record<string, ReasonRow & { readonly http: number }>>;

/** Why a notification is not forwarded. */
export type IgnoredReason = keyof typeof IGNORED;
/** Why Coder is asked to send again. */
export type UnavailableReason = keyof typeof UNAVAILABLE;
/** What is wrong with a request. */
export type ErrorReason = keyof typeof ERRORS;
/** Any of them. */
export type Reason = IgnoredReason | UnavailableReason | ErrorReason;

/** All that is said of each reason. */
export const REASONS = { ...IGNORED, ...UNAVAILABLE, ...ERRORS } as const satisfies Readonly<
  Record<Reason, ReasonRow>
>;
