/** What may come out of the service, whatever went in. Each check throws with the rule that was broken. */
import { CATALOGUE, nameKey } from "../../../lib/coder/catalogue.ts";
import { METADATA_LIMIT } from "../../../lib/platformx/budget.ts";
import { ANSWER_LIMIT, REASONS_OF, type Status } from "../../../lib/delivery/outcome.ts";
import { ERRORS } from "../../../lib/delivery/reasons.ts";
import { LOG_EVENTS } from "../../../lib/base/log_events.ts";
import { holdsAddress, holdsSecret } from "./canaries.ts";
import type { Line } from "./service.ts";

/** A rule was broken. */
export class Broken extends Error {
  override readonly name = "Broken";
}

function must(condition: boolean, rule: string, seen: unknown): asserts condition {
  if (!condition) throw new Broken(`${rule}: ${typeof seen === "string" ? seen : JSON.stringify(seen)}`);
}

const HTTP_OF: Readonly<Record<Exclude<Status, "error">, number>> = {
  forwarded: 200,
  queued: 202,
  dry_run: 200,
  duplicate: 200,
  ignored: 200,
  refused: 502,
  unavailable: 503,
};

const FIELDS = ["status", "reason", "message", "event"];

/** What a webhook was answered. */
export interface Answered {
  readonly http: number;
  readonly status: string;
  readonly reason: string;
}

/** A webhook's answer, or an error: one of the documented ones. */
export function judgeAnswer(http: number, headers: Headers, text: string): Answered {
  must(holdsNothing(text), "an answer holds a secret or an address", text);
  must(holdsNothing(JSON.stringify([...headers])), "a header holds a secret or an address", [...headers]);
  must(
    new TextEncoder().encode(text).length <= ANSWER_LIMIT,
    `an answer has at most ${ANSWER_LIMIT} bytes`,
    text,
  );
  must(headers.get("content-type") === "application/json", "an answer is JSON", [...headers]);
  must(text.isWellFormed() && !UNPRINTABLE.test(text), "an answer has no control characters", text);
  const body = parse(text, "an answer is JSON");
  const { status, reason = "", ...rest } = body;
  must(typeof status === "string" && status in REASONS_OF, "a status is documented", text);
  must(
    typeof reason === "string" && REASONS_OF[status as Status].includes(reason),
    "a reason is documented",
    text,
  );
  must(Object.keys(body).every((key) => FIELDS.includes(key)), "fields are documented", text);
  must(Object.values(rest).every((value) => typeof value === "string"), "fields are texts", text);
  const expected = status === "error"
    ? ERRORS[reason as keyof typeof ERRORS].http
    : HTTP_OF[status as Exclude<Status, "error">];
  must(http === expected, `'${status}' is HTTP ${expected}`, String(http));
  must(reason !== "internal", "the service does not fail", text);
  must(headers.has("retry-after") === (status === "unavailable"), "only 503 says when to come again", [
    ...headers,
  ]);
  must(!headers.has("location"), "nothing is redirected", [...headers]);
  return { http, status, reason };
}

/** Health, a page or metrics. */
export function judgeReading(http: number, headers: Headers, text: string): void {
  must(
    holdsNothing(text + JSON.stringify([...headers])),
    "what is read holds no secret and no address",
    text,
  );
  must(
    http === 200 || http === 401 || http === 404 || http === 405,
    "reading is answered as documented",
    String(http),
  );
  must(!/<script|onerror=/i.test(text), "a page holds no markup of a webhook", text);
}

/** What breaks a line, moves a cursor or turns the direction of reading. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"];

/** One line of the log. */
export function judgeLine({ level, format, text }: Line): void {
  must(!holdsSecret(text), "the log holds no secret", text);
  must(level === "DEBUG" || !holdsAddress(text), "the log holds addresses at DEBUG only", text);
  must(!UNPRINTABLE.test(text), "a line of the log has no control characters", text);
  if (format === "text") {
    const [, shown, event] = /^\S+ (\S+) +(\S+) /.exec(text) ?? [];
    must(shown === level && event! in LOG_EVENTS, "a line begins with its time, level and name", text);
    return;
  }
  const entry = parse(text, "a line of the log is JSON");
  must(entry["level"] === level && LEVELS.includes(level), "a line's level is its own", text);
  must(Object.hasOwn(LOG_EVENTS, String(entry["event"])), "a line's name is on the list", text);
  must(
    typeof entry["message"] === "string" && !Number.isNaN(Date.parse(String(entry["time"]))),
    "a line is whole",
    text,
  );
  must(entry["event"] !== "internal_error", "the service does not fail", text);
}

/** An event that was sent, and the webhook that it was made from. */
export function judgeEvent(sent: string, webhook: unknown, { intact }: { readonly intact: boolean }): void {
  must(sent.isWellFormed(), "an event is UTF-8", sent);
  const { name, email, timestamp, metadata, ...rest } = parse(sent, "an event is JSON");
  must(Object.keys(rest).length === 0, "an event has no other fields", sent);
  must(typeof name === "string" && name.trim() !== "" && name.isWellFormed(), "an event has a name", sent);
  must(/^\d{10}$/.test(String(timestamp)), "a timestamp is in seconds", sent);
  must(typeof metadata === "object" && metadata !== null, "metadata is an object", sent);
  const fields = Object.entries(metadata as Record<string, unknown>);
  const texts = fields.flat();
  must(texts.every((text) => typeof text === "string" && text.isWellFormed()), "metadata is texts", sent);
  const bytes = new TextEncoder().encode(JSON.stringify(metadata)).length;
  must(bytes <= METADATA_LIMIT, `metadata has at most ${METADATA_LIMIT} bytes`, `${bytes}: ${sent}`);
  must(fields.every(([key]) => !SECRET_NAME.test(key)), "no label is named as a secret", sent);
  if (intact) must(!holdsSecret(sent), "an event holds no secret", sent);
  must(placesOf(webhook).includes(String(email)), "the address stands where the catalogue says", sent);
  if (intact && email !== "canary.recipient@example.com") {
    must(!/canary\.recipient@/i.test(JSON.stringify(metadata)), "metadata does not name the recipient", sent);
  }
}

const SECRET_NAME = /(?:^|[^a-z])(?:passcode|password|secret|token|credential|key)(?:$|[^a-z])/i;

/** The addresses that a webhook's event may be about. */
function placesOf(webhook: unknown): readonly string[] {
  const payload = at(webhook, "payload");
  const id = String(at(payload, "notification_template_id") ?? "").trim().toLowerCase();
  const name = nameKey(String(at(payload, "notification_name")));
  const row = CATALOGUE.find((row) => row.templateId === id) ??
    CATALOGUE.find((row) => [row.name, ...row.otherNames ?? []].some((other) => nameKey(other) === name));
  const data = at(payload, "data");
  const places = {
    owner: at(at(data, "owner"), "email"),
    user: at(at(data, "user"), "email"),
    recipient: at(payload, "user_email"),
  };
  const allowed = row === undefined
    ? [places.owner, places.user]
    : row.person === "none"
    ? []
    : [places[row.person]];
  return allowed.map((place) => typeof place === "string" ? place.trim().toLowerCase() : "");
}

function at(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function parse(text: string, rule: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below.
  }
  throw new Broken(`${rule}: ${text}`);
}

function holdsNothing(text: string): boolean {
  return !holdsSecret(text) && !holdsAddress(text);
}
