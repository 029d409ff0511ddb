/** Coder's settings, held against what the service needs of them. */
import { escapeControls } from "../base/redact.ts";
import { CATALOGUE, findRow } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import { expectedNames, type Tracking } from "../coder/tracking.ts";
import { type CoderDelivery, type CoderSeen, type CoderTemplate, isUnseen, type Unseen } from "./coder.ts";
import type { Finding } from "./finding.ts";

/** The service's side. */
export interface Ours {
  readonly tracking: Tracking;
  /** Accepted secrets; empty: none is asked for. */
  readonly secrets: readonly string[];
}

/** The oldest version whose webhooks say whose a workspace is. */
const OLDEST = [2, 19] as const;

/** Milliseconds between Coder's looks at its queue (`CODER_NOTIFICATIONS_FETCH_INTERVAL`). */
const FETCH_INTERVAL = 15_000;

/** All findings. A token that is not accepted leaves one. */
export function coderFindings(seen: CoderSeen, ours: Ours): readonly Finding[] {
  const first = [versionFinding(seen.version), ...tokenFindings(seen.me)];
  if (isUnseen(seen.me)) return first;
  return [
    ...first,
    pausedFinding(seen.isPaused),
    ...deliveryFindings(seen.delivery, ours.secrets),
    ...templateFindings(seen, ours.tracking),
  ];
}

function versionFinding(version: string | undefined): Finding {
  const name = "Coder's version";
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (version === undefined || major === undefined) {
    return { name, state: "failed", detail: "Coder does not answer at CODER_URL", todo: "Correct CODER_URL" };
  }
  const isOld = Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
  const detail = escapeControls(version);
  return isOld
    ? { name, state: "warning", detail, todo: `Upgrade Coder to v${OLDEST.join(".")} or later` }
    : { name, state: "ok", detail };
}

function tokenFindings(me: CoderSeen["me"]): readonly Finding[] {
  const name = "CODER_SESSION_TOKEN";
  if (isUnseen(me)) {
    const todo = "Make a token of a service account with the role auditor, and put it there";
    return [{ name, state: "failed", detail: `not accepted: ${me.unseen}`, todo }];
  }
  const roles = me.roles.length === 0 ? "no role" : me.roles.join(", ");
  const detail = `of ${escapeControls(me.username)} (${escapeControls(roles)})`;
  const sees = ["owner", "auditor"].some((role) => me.roles.includes(role));
  if (!sees) {
    return [{
      name,
      state: "warning",
      detail,
      todo: "Give the account the role auditor: it sees less than is needed",
    }];
  }
  return me.roles.includes("owner")
    ? [{ name, state: "note", detail: `${detail}: more than the service needs; an auditor's is enough` }]
    : [{ name, state: "ok", detail }];
}

function pausedFinding(isPaused: CoderSeen["isPaused"]): Finding {
  const name = "Coder's notifications";
  if (isUnseen(isPaused)) return notSeen(name, isPaused);
  return isPaused
    ? { name, state: "warning", detail: "paused: nothing is sent", todo: "Run 'coder notifications resume'" }
    : { name, state: "ok", detail: "not paused" };
}

function deliveryFindings(delivery: CoderDelivery | Unseen, secrets: readonly string[]): readonly Finding[] {
  if (isUnseen(delivery)) return [notSeen("Coder's endpoint", delivery)];
  return [endpointFinding(delivery), ...passwordFindings(delivery, secrets), ...outageFindings(delivery)];
}

function endpointFinding({ endpoint }: CoderDelivery): Finding {
  const name = "Coder's endpoint";
  if (endpoint === undefined) {
    const todo = "Set CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT as shown below";
    return { name, state: "failed", detail: "none is set", todo };
  }
  const detail = escapeControls(endpoint);
  const { hostname, pathname, protocol } = new URL(endpoint);
  if (pathname !== "/") {
    return {
      name,
      state: "warning",
      detail,
      todo: "Webhooks are taken at / only: see that a proxy removes the path",
    };
  }
  const isPlain = protocol === "http:" && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  return isPlain
    ? { name, state: "warning", detail, todo: "Use https: the secret and people's addresses travel in clear" }
    : { name, state: "ok", detail: `${detail}: see that it is this service ('check --public-url')` };
}

/** Compared, never shown. Coder tells its password only where it tells the address as a text. */
function passwordFindings(
  { endpoint, password }: CoderDelivery,
  secrets: readonly string[],
): readonly Finding[] {
  if (endpoint === undefined) return [];
  const name = "Coder's password";
  if (password === undefined) return [{ name, state: "skipped", detail: "Coder shows none in its endpoint" }];
  if (secrets.length === 0) {
    return [{ name, state: "note", detail: "set, though WEBHOOK_SECRET asks for none" }];
  }
  if (password === secrets[0]) return [{ name, state: "ok", detail: "is WEBHOOK_SECRET" }];
  if (secrets.includes(password)) {
    return [{ name, state: "warning", detail: "is WEBHOOK_SECRET_PREVIOUS", todo: "Give Coder the new one" }];
  }
  return [{
    name,
    state: "failed",
    detail: "is another one than WEBHOOK_SECRET",
    todo: "Put WEBHOOK_SECRET, percent-encoded, into Coder's endpoint: 'check --show-secrets' prints it",
  }];
}

function outageFindings({ attempts, retryInterval }: CoderDelivery): readonly Finding[] {
  if (attempts === undefined || retryInterval === undefined) return [];
  const minutes = Math.round((attempts - 1) * (retryInterval + FETCH_INTERVAL) / 60_000);
  const detail = `sends ${attempts} times within ${minutes} min: so long may the service be away`;
  return [{
    name: "Coder's patience",
    state: attempts > 1 ? "ok" : "warning",
    detail,
    ...(attempts > 1 ? {} : SEND_AGAIN),
  }];
}

const SEND_AGAIN = {
  todo: "Set CODER_NOTIFICATIONS_MAX_SEND_ATTEMPTS to 5: one lost webhook is a lost event",
};

function templateFindings(seen: CoderSeen, tracking: Tracking): readonly Finding[] {
  const { defaultMethod, switchedOn, templates } = seen;
  if (isUnseen(templates)) return [notSeen("notifications", templates)];
  if (isUnseen(defaultMethod)) return [notSeen("dispatch method", defaultMethod)];
  const byId = new Map(templates.map((template) => [template.id, template]));
  const methodOf = ({ method }: CoderTemplate) => method || defaultMethod;
  const tracked = expectedNames(tracking).flatMap((name) => findRow(name) ?? []);
  return [
    ...tracked.map((row) => trackedFinding(row, byId.get(row.templateId), methodOf, switchedOn)),
    ...CATALOGUE.filter(({ secret }) => secret).flatMap(({ templateId }) =>
      passcodeFinding(byId.get(templateId), methodOf)
    ),
    ...templates.flatMap((template) => unfamiliarFinding(template)),
  ];
}

function trackedFinding(
  { name, offByDefault }: CatalogueRow,
  template: CoderTemplate | undefined,
  methodOf: (template: CoderTemplate) => string,
  switchedOn: CoderSeen["switchedOn"],
): Finding {
  if (template === undefined) return { name, state: "note", detail: "this Coder has no such notification" };
  const method = methodOf(template);
  if (method !== "webhook") {
    const todo =
      "Set CODER_NOTIFICATIONS_METHOD=webhook, or this one's own method under Deployment > Notifications";
    return {
      name,
      state: "failed",
      detail: `goes by ${escapeControls(method)}: it never arrives here`,
      todo,
    };
  }
  if (template.isOn && !offByDefault) return { name, state: "ok", detail: "goes by webhook" };
  const off = "goes by webhook; off by default in Coder";
  if (switchedOn === undefined) {
    return {
      name,
      state: "note",
      detail: `${off}: who has switched it on is seen with an owner's token only`,
    };
  }
  return switchedOn.has(template.id)
    ? { name, state: "ok", detail: `${off}, and switched on by an administrator` }
    : { name, state: "warning", detail: `${off}, and no administrator has switched it on`, todo: SWITCH_ON };
}

const SWITCH_ON = "At least two administrators switch it on in Coder, each at /settings/notifications";

function passcodeFinding(
  template: CoderTemplate | undefined,
  methodOf: (template: CoderTemplate) => string,
): readonly Finding[] {
  if (template === undefined) return [];
  const method = methodOf(template);
  return method === "webhook"
    ? [{
      name: template.name,
      state: "warning",
      detail: "goes by webhook, where it is dropped: nobody can reset a password",
      todo: "Give it its own method smtp in Coder (Premium), or reset passwords by 'coder reset-password'",
    }]
    : [{ name: escapeControls(template.name), state: "ok", detail: `goes by ${escapeControls(method)}` }];
}

/** What this version does not know, and what Coder calls otherwise now. */
function unfamiliarFinding({ id, name }: CoderTemplate): readonly Finding[] {
  const row = findRow(id);
  const shown = escapeControls(name);
  if (row === undefined) {
    return [{
      name: shown,
      state: "note",
      detail: "not known to this version; it can be tracked by this name",
    }];
  }
  const isSame = [row.name, ...row.otherNames ?? []].some((known) =>
    known.toLowerCase() === name.toLowerCase()
  );
  return isSame ? [] : [{ name: row.name, state: "note", detail: `Coder calls it '${shown}' now` }];
}

function notSeen(name: string, { unseen }: Unseen): Finding {
  return { name, state: "note", detail: `not seen with this token: ${unseen}` };
}
