/** What Coder says of its settings, asked with a token; nothing of it is kept or shown but what is found. */
import type { ApiAnswer, CoderApi } from "../coder/coder_api.ts";

/** A notification as this Coder has it. */
export interface CoderTemplate {
  readonly id: string;
  readonly name: string;
  /** Empty: as all notifications go. */
  readonly method: string;
  /** Coder sends it to people who did not ask for it. */
  readonly isOn: boolean;
}

/** Coder's settings for webhooks. Times are milliseconds; undefined: not told. */
export interface CoderDelivery {
  /** Scheme, host and path; without user name and password. */
  readonly endpoint: string | undefined;
  /** The endpoint's password; undefined: it has none, or Coder does not tell it. */
  readonly password: string | undefined;
  readonly attempts: number | undefined;
  readonly retryInterval: number | undefined;
}

/** Everything that was seen; a text says why something was not. */
export interface CoderSeen {
  readonly version: string | undefined;
  /** Whose token it is. */
  readonly me: { readonly username: string; readonly roles: readonly string[] } | Unseen;
  readonly isPaused: boolean | Unseen;
  readonly templates: readonly CoderTemplate[] | Unseen;
  readonly defaultMethod: string | Unseen;
  readonly delivery: CoderDelivery | Unseen;
  /** Ids of notifications that some administrator has switched on; undefined: the token may not see that. */
  readonly switchedOn: ReadonlySet<string> | undefined;
}

/** Why something was not seen: a status or a kind of failure. */
export interface Unseen {
  readonly unseen: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Administrators whose preferences are looked at. */
const MOST_ADMINISTRATORS = 100;

/** Asks Coder all that is needed. `me` decides: without an accepted token nothing else is asked. */
export async function lookAtCoder(api: Pick<CoderApi, "get">): Promise<CoderSeen> {
  const version = seen(await api.get("/buildinfo"), (json) => textOf(object(json), "version"));
  const me = seen(await api.get("/users/me"), (json) => {
    const user = object(json);
    const roles = listOf(user["roles"]).map((role) => textOf(role, "name"));
    return { username: textOf(user, "username"), roles };
  });
  const unseen = isUnseen(me) ? me : undefined;
  const ask = async <T>(path: string, read: (json: unknown) => T): Promise<T | Unseen> =>
    unseen ?? seen(await api.get(path), read);
  const [isPaused, system, custom, defaultMethod, delivery] = await Promise.all([
    ask("/notifications/settings", (json) => object(json)["notifier_paused"] === true),
    ask("/notifications/templates/system", templatesIn),
    ask("/notifications/templates/custom", templatesIn),
    // The documentation shows a list of one, the source an object.
    ask(
      "/notifications/dispatch-methods",
      (json) => textOf(object(Array.isArray(json) ? json[0] : json), "default"),
    ),
    ask("/deployment/config", deliveryIn),
  ]);
  return {
    version: isUnseen(version) ? undefined : version,
    me,
    isPaused,
    // Versions before autumn 2025 have no custom ones.
    templates: isUnseen(system) || isUnseen(custom) ? system : [...system, ...custom],
    defaultMethod,
    delivery,
    switchedOn: isUnseen(me) || !me.roles.includes("owner") ? undefined : await switchedOnIn(api),
  };
}

/** Whether something was not seen. */
export function isUnseen(value: unknown): value is Unseen {
  return typeof value === "object" && value !== null && "unseen" in value;
}

/** Only an owner may read others' preferences. */
async function switchedOnIn(api: Pick<CoderApi, "get">): Promise<ReadonlySet<string>> {
  const on = new Set<string>();
  for (const role of ["owner", "template-admin", "user-admin"]) {
    const users = seen(
      await api.get(`/users?q=role:${role}&limit=${MOST_ADMINISTRATORS}&offset=0`),
      (json) => listOf(object(json)["users"]),
    );
    for (const user of isUnseen(users) ? [] : users) {
      const rows = seen(await api.get(`/users/${textOf(user, "id")}/notifications/preferences`), listOf);
      for (const row of isUnseen(rows) ? [] : rows) {
        if (row["disabled"] === false) on.add(textOf(row, "id"));
      }
    }
  }
  return on;
}

function templatesIn(json: unknown): readonly CoderTemplate[] {
  return listOf(json).map((row) => ({
    id: textOf(row, "id").toLowerCase(),
    name: textOf(row, "name"),
    method: textOf(row, "method"),
    // Missing in the oldest form, which had no others.
    isOn: row["enabled_by_default"] !== false,
  }));
}

function deliveryIn(json: unknown): CoderDelivery {
  const notifications = object(object(object(json)["config"])["notifications"]);
  const { endpoint } = object(notifications["webhook"]);
  const whole = typeof endpoint === "string" ? endpoint : addressOf(object(endpoint));
  const url = URL.parse(whole);
  return {
    endpoint: url === null ? undefined : `${url.protocol}//${url.host}${url.pathname}`,
    password: url === null || url.password === "" ? undefined : decoded(url.password),
    attempts: numberOf(notifications["max_send_attempts"]),
    retryInterval: milliseconds(notifications["retry_interval"]),
  };
}

/** Go's `url.URL` as JSON, in the letter case of either marshaller. The user is never part of it. */
function addressOf(url: Json): string {
  const part = (name: string) => textOf(url, name) || textOf(url, name.toLowerCase());
  return part("Host") === "" ? "" : `${part("Scheme") || "https"}://${part("Host")}${part("Path") || "/"}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Coder writes durations in nanoseconds. */
function milliseconds(value: unknown): number | undefined {
  const nanoseconds = numberOf(value);
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

function seen<T>(answer: ApiAnswer, read: (json: unknown) => T): T | Unseen {
  if (answer.kind === "ok") return read(answer.json);
  return { unseen: answer.kind === "refused" ? `status ${answer.status}` : answer.failure };
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? value as Json : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function textOf(row: Json, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}
