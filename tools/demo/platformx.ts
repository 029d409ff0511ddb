/**
 * A stand-in for DX PlatformX's `events.track` on 127.0.0.1: it takes events by the documented rules and, when
 * told to, fails as a network or a service fails. DX offers no harmless way to try a call.
 */
import { rateWindow } from "./platformx_rate.ts";
import { judge, type Judgement, rateLimited, type ReceivedEvent, TRACK_PATH } from "./platformx_rules.ts";

export type { ReceivedEvent };

/** The project key that the stand-in accepts unless it is given another one. */
export const STAND_IN_KEY = "stand-in-project-key";

/** What the stand-in does with a request instead of judging it by the rules and answering. */
export type Misbehaviour =
  /** Gives this answer and takes nothing. A body without a content type is JSON, as from PlatformX. */
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** Judges as usual, at once, but answers after `ms` milliseconds. */
  | { readonly kind: "late"; readonly ms: number }
  /** Takes the event if the rules allow it, then does not answer. */
  | { readonly kind: "lost" }
  /** Takes nothing and does not answer. */
  | { readonly kind: "silent" };

/** A running stand-in. */
export interface StandIn extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/events.track` */
  readonly url: string;
  /** The events taken, in order. Grows as they come. */
  readonly events: readonly ReceivedEvent[];
  /** How many requests came, whatever became of them. */
  readonly requests: number;
  /**
   * Queues a misbehaviour for the next `times` requests (default 1; `Infinity`: until `behave()`).
   * @throws {RangeError} if `times` is neither a positive whole number nor `Infinity`
   * @throws {RangeError | TypeError} if HTTP has no such answer
   */
  misbehave(what: Misbehaviour, times?: number): void;
  /** Back to the rules: clears the queue. Requests that are already being held stay so. */
  behave(): void;
  /** Breaks every connection, takes and answers nothing more; connections are refused once this has settled. */
  close(): Promise<void>;
}

/** Settings of the stand-in; all have a default. */
export interface StandInOptions {
  /** The key that is accepted. Default: `STAND_IN_KEY`. */
  readonly key?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Requests with the right key in any 60 s, beyond which the answer is 429. Default 1000: DX's, per account. */
  readonly requestsPerMinute?: number;
  /** Called with every event taken, before it is answered. */
  readonly onEvent?: (event: ReceivedEvent) => void;
  /** The clock of the rate limit, in ms. Default: `performance.now()`. */
  readonly now?: () => number;
}

/**
 * How long `lost` and `silent` hold a request, in ms: longer than any caller here waits, but not for ever,
 * because Deno keeps the socket of a caller that has gone until its request is answered. (A request's `signal`
 * would tell that the caller has gone, but using it makes Deno 2.9 print a deprecation.)
 */
const HOLD_MS = 60_000;

/**
 * Starts a stand-in; it listens when this returns.
 * @throws {Deno.errors.AddrInUse} if `port` is taken
 */
export function startPlatformX(options: StandInOptions = {}): StandIn {
  const { key = STAND_IN_KEY, port = 0, requestsPerMinute = 1000, onEvent, now = () => performance.now() } =
    options;
  const events: ReceivedEvent[] = [];
  let requests = 0;
  let queue: { readonly what: Misbehaviour; left: number }[] = [];
  const closing = new AbortController();
  const secondsToWait = rateWindow(requestsPerMinute);

  function nextMisbehaviour(): Misbehaviour | undefined {
    const first = queue[0];
    if (first !== undefined && --first.left === 0) queue.shift();
    return first?.what;
  }

  async function handle(request: Request): Promise<Response> {
    const response = await respond(request);
    if (closing.signal.aborted) await server.finished; // else the answer can be faster than the cut
    return response;
  }

  async function respond(request: Request): Promise<Response> {
    requests++;
    const misbehaviour = nextMisbehaviour(); // before the body is read: the first to come gets the first in the queue
    const body = await request.text().catch(() => undefined);
    if (body === undefined || closing.signal.aborted) return unseen();
    if (misbehaviour?.kind === "answer") return given(misbehaviour);
    if (misbehaviour?.kind === "silent") return await held();

    const { method, headers } = request;
    const judgement = take(judge({ method, headers, body, path: new URL(request.url).pathname }, key));
    if (misbehaviour?.kind === "lost") return await held();
    if (misbehaviour?.kind === "late") await pause(misbehaviour.ms, closing.signal);
    return new Response(judgement.body, judgement);
  }

  /** Applies the rate limit, which is the account's: a call without the right key or to nowhere does not count. */
  function take(judgement: Judgement): Judgement {
    if (judgement.status === 401 || judgement.status === 404) return judgement;
    const seconds = secondsToWait(now());
    if (seconds > 0) return rateLimited(seconds);
    if (judgement.event !== undefined) {
      events.push(judgement.event);
      onEvent?.(judgement.event);
    }
    return judgement;
  }

  async function held(): Promise<Response> {
    await pause(HOLD_MS, closing.signal);
    return unseen();
  }

  const { signal } = closing;
  const server = Deno.serve({ hostname: "127.0.0.1", port, signal, onListen: () => {} }, handle);

  const close = () => {
    closing.abort(); // unlike server.shutdown() it does not wait for the requests in progress
    return server.finished;
  };
  return {
    url: `http://127.0.0.1:${server.addr.port}${TRACK_PATH}`,
    events,
    get requests() {
      return requests;
    },
    misbehave(what, times = 1) {
      if (times !== Infinity && !(Number.isInteger(times) && times > 0)) {
        throw new RangeError(`times must be a positive whole number or Infinity: current value is ${times}`);
      }
      if (what.kind === "answer") given(what); // an answer that cannot be given fails here, not in the server
      queue.push({ what, left: times });
    },
    behave() {
      queue = [];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function given({ status, body, headers }: Misbehaviour & { kind: "answer" }): Response {
  const response = new Response(body ?? null, { status, headers: { ...headers } });
  if (body !== undefined && new Headers(headers).get("content-type") === null) {
    response.headers.set("content-type", "application/json");
  }
  return response;
}

/** For callers that have gone or been cut off, and those that wait longer than `HOLD_MS`. */
function unseen(): Response {
  return new Response(null, { status: 504 });
}

/** Settles after `ms`, or as soon as `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve(); // closed by onEvent
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
