/** How PlatformX's stand-in misbehaves: in phases, in each cycle the same ones, so that cycles can be compared. */
import type { Fate, Misbehaviour, StandIn } from "../../support/platformx.ts";
import type { Random } from "../crash/random.ts";

/** A part of a cycle. */
export interface Phase {
  readonly name: string;
  /** Share of the cycle's time. */
  readonly share: number;
  /** Undefined: nobody listens. */
  readonly fate: ((random: Random) => Misbehaviour) | undefined;
  /** Attempts take 10 s to end: too long for a short run. */
  readonly long?: true;
}

/** An answer at once. */
const WELL: Misbehaviour = { kind: "late", ms: 1 };

const JSON_TYPE = { "content-type": "application/json" };
const HTML_TYPE = { "content-type": "text/html" };

/** Answers that PlatformX would not give: those of proxies, of other services, and broken ones. */
const ODD: readonly Misbehaviour[] = [
  { kind: "answer", taken: true, status: 200, headers: HTML_TYPE, body: "<h1>Sign in</h1>" },
  { kind: "answer", taken: true, status: 200, headers: JSON_TYPE, body: '{"ok":"yes"}' },
  { kind: "answer", taken: true, status: 200, headers: JSON_TYPE, body: '{"ok":tr' },
  { kind: "answer", taken: true, status: 204 },
  { kind: "answer", taken: true, status: 200, headers: JSON_TYPE, body: "x".repeat(200_000) },
  { kind: "answer", taken: true, status: 502, headers: HTML_TYPE, body: "<h1>Bad Gateway</h1>" },
  { kind: "answer", status: 302, headers: { location: "/sign-in" } },
  { kind: "answer", status: 404, headers: HTML_TYPE, body: "<h1>Not Found</h1>" },
  { kind: "answer", status: 407 },
];

/** An answer in PlatformX's own form. */
function refusing(status: number, error: string, headers = {}): Misbehaviour {
  return {
    kind: "answer",
    status,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ ok: false, error }),
  };
}

const ERRORS = [500, 503, 507].map((status) => refusing(status, "internal_error"));
const RATE_LIMITED = refusing(429, "rate_limited", { "retry-after": "1" });
const WRONG_KEY = refusing(401, "not_authed");
const REFUSED = refusing(422, "unknown_user");

/** A well one between two that begin a pause: else the second would find the service paused. */
const BETWEEN: Phase = { name: "well", share: 2, fate: () => WELL };

/** One cycle. What takes longest to end comes first, so that it has ended with the rest. */
export const PHASES: readonly Phase[] = [
  BETWEEN,
  {
    name: "silent",
    share: 1,
    fate: (random) => random.next() < 0.5 ? { kind: "lost" } : WELL,
    long: true,
  },
  { name: "slow", share: 3, fate: (random) => ({ kind: "late", ms: random.between(50, 1_500) }) },
  { name: "lost answers", share: 3, fate: (random) => random.next() < 0.2 ? { kind: "closed" } : WELL },
  BETWEEN,
  { name: "server errors", share: 2, fate: (random) => oneOf(ERRORS, random) },
  BETWEEN,
  { name: "rate limit", share: 2, fate: () => RATE_LIMITED },
  BETWEEN,
  { name: "wrong key", share: 1, fate: () => WRONG_KEY },
  BETWEEN,
  { name: "odd answers", share: 3, fate: (random) => random.next() < 0.3 ? oneOf(ODD, random) : WELL },
  BETWEEN,
  { name: "down", share: 1, fate: undefined },
  BETWEEN,
];

/** Workspaces of which the events are refused, by the beginning of their names. */
export const REFUSED_PREFIX = "refused-";

/** Begins a phase. */
export async function enter({ fate }: Phase, platformX: StandIn, random: Random): Promise<void> {
  if (fate === undefined) return await platformX.close();
  const decide: Fate = ({ body }) => {
    const what = fate(random);
    const isRefused = what.kind !== "answer" && body.includes(`"workspace":"${REFUSED_PREFIX}`);
    return isRefused ? REFUSED : what;
  };
  platformX.behave();
  platformX.misbehave(decide, Infinity);
  await platformX.listen();
}

/** After the load: everything is taken at once, so that all ends. */
export const WELL_AGAIN: Phase = BETWEEN;

function oneOf<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random.between(0, values.length))]!;
}
