/**
 * A stand-in for Coder's REST API, as far as the service asks it. It follows what was read in Coder's source
 * (v2.38), each odd answer included: nothing here was seen on a running Coder.
 */

/** A user of the stand-in. */
export interface CoderUser {
  readonly id: string;
  readonly username: string;
  /** Empty for service accounts. */
  readonly email: string;
  readonly roles?: readonly string[];
  /** Found by id only. */
  readonly isDeleted?: boolean;
  /** Their notification preferences; undefined: no rows, which is answered `null`. */
  readonly preferences?: readonly { readonly id: string; readonly disabled: boolean }[];
}

/** What the stand-in knows. */
export interface CoderState {
  users: readonly CoderUser[];
  /** Whose token it is. */
  token: { readonly value: string; readonly user: CoderUser };
  version: string;
  paused: boolean;
  templates: readonly Readonly<Record<string, unknown>>[];
  customTemplates: readonly Readonly<Record<string, unknown>>[];
  /** `config.notifications` of the deployment. */
  notifications: Readonly<Record<string, unknown>>;
  /** Documentation shows a list of one, the source an object. */
  methodsAsList: boolean;
  /** Answers this instead of everything else. */
  instead: ((request: Request) => Response | Promise<Response>) | undefined;
}

/** A running stand-in. */
export interface CoderStandIn extends AsyncDisposable {
  readonly url: string;
  readonly state: CoderState;
  /** Every request: method, path with query, and headers in lower case. */
  readonly requests: { readonly path: string; readonly headers: Readonly<Record<string, string>> }[];
}

const json = (status: number, body: unknown) => Response.json(body, { status });
const error = (status: number, message: string) => json(status, { message, detail: "stand-in" });

/** Starts it on a free port. */
export function startCoder(state: Partial<CoderState> = {}): CoderStandIn {
  const auditor: CoderUser = {
    id: "7ce4d0f2-6a1d-4f3e-9f5c-0f2b1f6c1a01",
    username: "relay",
    email: "",
    roles: ["auditor"],
  };
  const now: CoderState = {
    users: [],
    token: { value: "coder-token", user: auditor },
    version: "v2.38.1+abc",
    paused: false,
    templates: [],
    customTemplates: [],
    notifications: {},
    methodsAsList: true,
    instead: undefined,
    ...state,
  };
  const requests: { path: string; headers: Record<string, string> }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    requests.push({ path: pathname + search, headers: Object.fromEntries(request.headers) });
    return await now.instead?.(request) ?? answer(request, pathname, now);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    state: now,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function answer(request: Request, pathname: string, state: CoderState): Response {
  const path = pathname.replace(/^\/api\/v2/, "");
  if (path === "/buildinfo") return json(200, { version: state.version, external_url: "" });
  const { value, user } = state.token;
  if (request.headers.get("coder-session-token") !== value) {
    return error(401, "You are signed out or your session has expired. Please sign in again to continue.");
  }
  const roles = user.roles ?? [];
  const isOwner = roles.includes("owner");
  const seesAll = isOwner || roles.includes("auditor") || roles.includes("user-admin") ||
    roles.includes("template-admin");
  const visible = [...state.users, user].filter((each) => seesAll || each.id === user.id);

  const preferences = /^\/users\/([^/]+)\/notifications\/preferences$/.exec(path)?.[1];
  if (preferences !== undefined) {
    const whose = find(decodeURIComponent(preferences), visible, user);
    // Forbidden is an internal error here, and nothing set is null.
    if (whose === undefined || (!isOwner && whose.id !== user.id)) return error(500, "Internal error");
    return json(200, whose.preferences ?? null);
  }
  const one = /^\/users\/([^/]+)$/.exec(path)?.[1];
  if (one !== undefined) {
    const found = find(decodeURIComponent(one), visible, user);
    return found === undefined ? error(400, "User not found.") : json(200, shown(found));
  }
  switch (path) {
    case "/users": {
      const query = new URL(request.url).searchParams.get("q") ?? "";
      const role = /^role:(\S+)$/.exec(query)?.[1];
      const users = visible.filter((each) => role === undefined || (each.roles ?? []).includes(role));
      return json(200, { users: users.map(shown), count: users.length });
    }
    case "/notifications/settings":
      return json(200, { notifier_paused: state.paused });
    case "/notifications/templates/system":
      return json(200, state.templates);
    case "/notifications/templates/custom":
      return json(200, state.customTemplates);
    case "/notifications/dispatch-methods": {
      const methods = { available: ["smtp", "webhook"], default: state.notifications["method"] ?? "smtp" };
      return json(200, state.methodsAsList ? [methods] : methods);
    }
    case "/deployment/config":
      return isOwner || roles.includes("auditor")
        ? json(200, { config: { notifications: state.notifications } })
        : error(403, "Forbidden.");
    default:
      return error(404, "Route not found.");
  }
}

/** By UUID, by name in any letter case, or `me`; never by address. Deleted users by UUID only. */
function find(user: string, users: readonly CoderUser[], me: CoderUser): CoderUser | undefined {
  if (user === "me") return me;
  return users.find(({ id, isDeleted, username }) =>
    id === user || (!isDeleted && username.toLowerCase() === user.toLowerCase())
  );
}

function shown({ id, username, email, roles = [] }: CoderUser) {
  return {
    id,
    username,
    name: username,
    email,
    status: "active",
    login_type: "password",
    organization_ids: [],
    roles: roles.map((name) => ({ name, display_name: name, organization_id: "" })),
    created_at: "2026-01-02T03:04:05.678901234Z",
    updated_at: "2026-01-02T03:04:05.678901234Z",
    last_seen_at: "0001-01-01T00:00:00Z",
    is_service_account: email === "",
  };
}
