/** Whom Coder knows: answers are remembered for a while, and one question about a person is asked at a time. */
import { constant, plain, type Redacted } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import type { ApiAnswer, CoderApi } from "./coder_api.ts";
import type { CoderUser, Whom } from "./person.ts";

/** Milliseconds for which an answer counts: people change their address seldom, and an unknown one may appear soon. */
const KNOWN_FOR = 10 * 60_000;
const UNKNOWN_FOR = 60_000;

/** Answers in one generation; two are kept. */
const GENERATION = 5_000;

/** Coder's answer. */
export type Found =
  | { readonly kind: "person"; readonly user: CoderUser }
  | { readonly kind: "unknown" }
  /** Nothing is known now; `seen` is a status or a kind of failure. */
  | { readonly kind: "unavailable"; readonly seen: Redacted };

/** How asking goes. */
export interface DirectoryStatus {
  /** Milliseconds since questions began to fail; undefined: the last one was answered. */
  readonly failingMs: number | undefined;
  readonly seen: Redacted | undefined;
}

interface Remembered {
  readonly found: Found;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Asks Coder for people. */
export class Directory {
  readonly #api: Pick<CoderApi, "get">;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #asking = new Map<string, Promise<Found>>();
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();
  #failing: { readonly since: number; readonly seen: Redacted } | undefined;

  constructor(api: Pick<CoderApi, "get">, clock: Pick<Clock, "monotonic">) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Finds a person. Never rejects. */
  find(whom: Whom): Promise<Found> {
    // Coder's user names have any letter case, and no colon.
    const key = "id" in whom ? whom.id.toLowerCase() : `name:${whom.username.toLowerCase()}`;
    const known = this.#young.get(key) ?? this.#old.get(key);
    if (known !== undefined && this.#clock.monotonic() < known.until) return Promise.resolve(known.found);
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask("id" in whom ? whom.id : whom.username, key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  /** How it goes. */
  status(): DirectoryStatus {
    const failing = this.#failing;
    if (failing === undefined) return { failingMs: undefined, seen: undefined };
    return { failingMs: this.#clock.monotonic() - failing.since, seen: failing.seen };
  }

  async #ask(user: string, key: string): Promise<Found> {
    const found = foundIn(await this.#api.get(`/users/${encodeURIComponent(user)}`));
    const now = this.#clock.monotonic();
    if (found.kind === "unavailable") {
      this.#failing = { since: this.#failing?.since ?? now, seen: found.seen };
      return found;
    }
    this.#failing = undefined;
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, { found, until: now + (found.kind === "person" ? KNOWN_FOR : UNKNOWN_FOR) });
    return found;
  }
}

/** Coder answers 400 for users that are unknown or may not be seen (coderd/httpmw, `ExtractUserParam`). */
function foundIn(answer: ApiAnswer): Found {
  if (answer.kind === "failure") return { kind: "unavailable", seen: constant(answer.failure) };
  if (answer.kind === "refused") {
    const { isCoder, status } = answer;
    return status === 400 && isCoder
      ? { kind: "unknown" }
      : { kind: "unavailable", seen: plain`status ${status}` };
  }
  const user = answer.json as Readonly<Record<string, unknown>> | null;
  const { id, email, username, is_service_account: isServiceAccount } = user ?? {};
  if (typeof id !== "string" || typeof username !== "string") {
    return { kind: "unavailable", seen: constant("not_coder") };
  }
  return {
    kind: "person",
    user: {
      ...{ id, username, email: typeof email === "string" ? email : "" },
      isServiceAccount: isServiceAccount === true,
    },
  };
}
