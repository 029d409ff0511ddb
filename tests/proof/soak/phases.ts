/** How PlatformX's stand-in misbehaves: in phases, in each cycle the same ones, so that cycles can be compared. */
import type { Random } from "../crash/random.ts";

/** What becomes of a request. */
export type Fate =
  /** Judged by the rules and answered, after so many milliseconds. */
  | { readonly kind: "judged"; readonly after: number }
  /** Given this answer instead. `taken`: it has the event, and does not say so in a way that can be understood. */
  | {
    readonly kind: "answered";
    readonly taken: boolean;
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }
  /** The event is taken and the connection broken; `silent`: it is left open instead, and nothing is said. */
  | { readonly kind: "lost" | "silent" };

/** A part of a cycle. */
export interface Phase {
  readonly name: string;
  /** Share of the cycle's time. */
  readonly share: number;
  /** Undefined: nobody listens. */
  readonly fate: ((random: Random) => Fate) | undefined;
  /** Attempts take 10 s to end: too long for a short run. */
  readonly long?: true;
}

/** An answer at once. */
export const WELL: Fate = { kind: "judged", after: 1 };

const JSON_TYPE = { "content-type": "application/json" };
const HTML_TYPE = { "content-type": "text/html" };

/** Answers that PlatformX would not give: those of proxies, of other services, and broken ones. */
const ODD: readonly Fate[] = [
  { kind: "answered", taken: true, status: 200, headers: HTML_TYPE, body: "<h1>Sign in</h1>" },
  { kind: "answered", taken: true, status: 200, headers: JSON_TYPE, body: '{"ok":"yes"}' },
  { kind: "answered", taken: true, status: 200, headers: JSON_TYPE, body: '{"ok":tr' },
  { kind: "answered", taken: true, status: 204 },
  { kind: "answered", taken: true, status: 200, headers: JSON_TYPE, body: "x".repeat(200_000) },
  { kind: "answered", taken: true, status: 502, headers: HTML_TYPE, body: "<h1>Bad Gateway</h1>" },
  { kind: "answered", taken: false, status: 302, headers: { location: "/sign-in" } },
  { kind: "answered", taken: false, status: 404, headers: HTML_TYPE, body: "<h1>Not Found</h1>" },
  { kind: "answered", taken: false, status: 407 },
];

const ERRORS: readonly Fate[] = [500, 503, 507].map((status) => ({
  kind: "answered",
  taken: false,
  status,
  headers: JSON_TYPE,
  body: '{"ok":false,"error":"internal_error"}',
}));

const RATE_LIMITED: Fate = {
  kind: "answered",
  taken: false,
  status: 429,
  headers: { ...JSON_TYPE, "retry-after": "1" },
  body: '{"ok":false,"error":"rate_limited"}',
};

const WRONG_KEY: Fate = {
  kind: "answered",
  taken: false,
  status: 401,
  headers: JSON_TYPE,
  body: '{"ok":false,"error":"not_authed"}',
};

/** A well one between two that begin a pause: else the second would find the service paused. */
const BETWEEN: Phase = { name: "well", share: 2, fate: () => WELL };

/** One cycle. What takes longest to end comes first, so that it has ended with the rest. */
export const PHASES: readonly Phase[] = [
  BETWEEN,
  {
    name: "silent",
    share: 1,
    fate: (random) => random.next() < 0.5 ? { kind: "silent" } : WELL,
    long: true,
  },
  { name: "slow", share: 3, fate: (random) => ({ kind: "judged", after: random.between(50, 1_500) }) },
  { name: "lost answers", share: 3, fate: (random) => random.next() < 0.2 ? { kind: "lost" } : WELL },
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

/** After the load: everything is taken at once, so that all ends. */
export const WELL_AGAIN: Phase = BETWEEN;

function oneOf<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random.between(0, values.length))]!;
}
