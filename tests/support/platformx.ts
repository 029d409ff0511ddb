/**
 * The stand-in for DX PlatformX's `events.track`, on this machine: it takes events by the documented rules, notes every
 * request as it came over the wire, and, when told to, fails as a network or a service fails. DX offers no harmless way
 * to try a call.
 */
import type { Socket } from "node:net";
import { rateWindow } from "./platformx_rate.ts";
import { judge, type Judgement, rateLimited, type ReceivedEvent, TRACK_PATH } from "./platformx_rules.ts";
import { type Answer, type Listening, type Received, type Reply, Wire } from "./platformx_wire.ts";

/** The project key that the stand-in accepts unless it is given another one. */
export const STAND_IN_KEY = "stand-in-project-key";

/** So many milliseconds, or until this settles. A caller that has gone is not waited for. */
export type After = number | Promise<unknown>;

/** What the stand-in does with a request instead of judging it by the rules and answering at once. */
export type Misbehaviour =
  /** Gives this answer. A body without a content type is JSON, as from PlatformX. `taken`: the event is, all the same. */
  | Answer & { readonly kind: "answer"; readonly taken?: boolean; readonly after?: After }
  /** Judges as usual, at once, but answers later. */
  | { readonly kind: "late"; readonly ms: After }
  /** Takes the event if the rules allow it, then does not answer; the connection stays open until the caller goes. */
  | { readonly kind: "lost" }
  /** Takes nothing and does not answer. */
  | { readonly kind: "silent" }
  /** Takes the event if the rules allow it, then closes the connection (FIN) or resets it (RST). */
  | { readonly kind: "closed" | "reset"; readonly after?: After }
  /** Takes nothing and does as it likes with the connection. Not over HTTP/2. */
  | { readonly kind: "raw"; readonly write: (socket: Socket) => void | Promise<void> };

/** Decides about each request; undefined: the rules hold. */
export type Fate = (received: Received) => Misbehaviour | undefined;

/** A request, and what became of it. */
export interface Arrival extends Received {
  /** When it was read, Unix milliseconds. */
  readonly at: number;
  /** Its event, if it was taken: it is PlatformX's from then on, whatever becomes of the answer. */
  event: ReceivedEvent | undefined;
  /** When it was over, and whether its sender was told, as a whole, what is so. Undefined: it is not over. */
  end: { readonly at: number; readonly told: boolean } | undefined;
}

/** Settings of the stand-in; all have a default. */
export interface StandInOptions extends Listening {
  /** The key that is accepted. Default: `STAND_IN_KEY`. */
  readonly key?: string;
  /** Requests with the right key in any 60 s, beyond which the answer is 429. Default 1000: DX's, per account. */
  readonly requestsPerMinute?: number;
  /** Called with every event taken, before it is answered. */
  readonly onEvent?: (event: ReceivedEvent) => void;
  /** The clock of the rate limit, in ms. Default: `performance.now()`. */
  readonly now?: () => number;
  /** Whether requests and events are kept. Default: they are. */
  readonly keeps?: boolean;
}

/** A running stand-in. */
export class StandIn implements AsyncDisposable {
  /** The events taken, in order. Grows as they come. */
  readonly events: ReceivedEvent[] = [];
  /** The requests, in the order in which they were read to their ends. */
  readonly received: Arrival[] = [];
  /** How many requests came, whatever became of them, and how many are not over. */
  requests = 0;
  open = 0;
  readonly #options: StandInOptions;
  readonly #wire: Wire;
  readonly #secondsToWait: (now: number) => number;
  #queue: { readonly what: Misbehaviour | Fate; left: number }[] = [];

  /** Use {@link startPlatformX}. */
  constructor(options: StandInOptions) {
    this.#options = options;
    this.#secondsToWait = rateWindow(options.requestsPerMinute ?? 1000);
    this.#wire = new Wire(options, (received, reply) => this.#handle(received, reply));
  }

  /** `http://127.0.0.1:PORT/events.track` */
  get url(): string {
    return `${this.origin}${TRACK_PATH}`;
  }
  get origin(): string {
    const { hostname = "127.0.0.1", tls } = this.#options;
    return `${tls === undefined ? "http" : "https"}://${hostname}:${this.port}`;
  }
  get port(): number {
    return this.#wire.port;
  }
  /** Bytes of answers that the other ends, or the system between, took. */
  get written(): number {
    return this.#wire.written;
  }

  /**
   * Queues a misbehaviour for the next `times` requests (default 1; `Infinity`: until `behave()`).
   *
   * @throws {RangeError} if `times` is neither a positive whole number nor `Infinity`
   * @throws {RangeError | TypeError} if HTTP has no such answer
   */
  misbehave(what: Misbehaviour | Fate, times = 1): void {
    if (times !== Infinity && !(Number.isInteger(times) && times > 0)) {
      throw new RangeError(`times must be a positive whole number or Infinity: current value is ${times}`);
    }
    // An answer that cannot be given fails here, not in the server.
    if (typeof what === "object" && what.kind === "answer") {
      new Response(what.body ?? null, { status: what.status });
    }
    this.#queue.push({ what, left: times });
  }

  /** Back to the rules: clears the queue. Requests that are already being held stay so. */
  behave(): void {
    this.#queue = [];
  }

  /** Breaks the connections that callers keep for their next events. */
  breakConnections(): void {
    this.#wire.breakConnections();
  }

  /** Listens again, at the same port, if it was closed. */
  async listen(): Promise<void> {
    await this.#wire.listen();
  }

  /** Breaks every connection, takes and answers nothing more; connections are refused once this has settled. */
  async close(): Promise<void> {
    await this.#wire.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #handle(received: Received, reply: Reply): Promise<void> {
    this.requests++;
    this.open++;
    const misbehaviour = this.#next(received);
    const call: Arrival = Object.assign(received, { at: Date.now(), event: undefined, end: undefined });
    if (this.#options.keeps !== false) this.received.push(call);
    const told = await this.#do(misbehaviour, call, reply);
    call.end = {
      at: Date.now(),
      told: told && !(misbehaviour?.kind === "answer" && call.event !== undefined),
    };
    this.open--;
  }

  #next(received: Received): Misbehaviour | undefined {
    const [first] = this.#queue;
    if (first !== undefined && --first.left === 0) this.#queue.shift();
    return typeof first?.what === "function" ? first.what(received) : first?.what;
  }

  async #do(what: Misbehaviour | undefined, call: Arrival, reply: Reply): Promise<boolean> {
    if (what?.kind === "raw") {
      if (reply.socket === undefined) throw new Error("HTTP/2 has no bytes of one's own");
      await what.write(reply.socket);
      return false;
    }
    if (what?.kind === "answer") {
      if (what.taken) this.#take(call);
      await pause(what.after, reply);
      reply.answer(withType(what));
    } else if (what?.kind !== "silent") {
      const judgement = this.#take(call);
      if (what?.kind === "late") await pause(what.ms, reply);
      else if (what?.kind !== "lost") await pause(what?.after, reply);
      if (what?.kind === "closed") reply.close();
      else if (what?.kind === "reset") reply.reset();
      else if (what?.kind !== "lost") reply.answer(judgement);
    }
    return await reply.told;
  }

  /** Applies the rules, and the rate limit, which is the account's: a call without the right key does not count. */
  #take(call: Arrival): Judgement {
    const { key = STAND_IN_KEY, now = () => performance.now(), onEvent, keeps } = this.#options;
    const judgement = judge(call, key);
    if (judgement.status === 401 || judgement.status === 404) return judgement;
    const seconds = this.#secondsToWait(now());
    if (seconds > 0) return rateLimited(seconds);
    if (judgement.event === undefined) return judgement;
    call.event = judgement.event;
    if (keeps !== false) this.events.push(judgement.event);
    onEvent?.(judgement.event);
    return judgement;
  }
}

/** Starts a stand-in; it listens when this has settled. */
export async function startPlatformX(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = new StandIn(options);
  await standIn.listen();
  return standIn;
}

function withType({ status, headers = {}, body }: Answer): Answer {
  const isTyped = body === undefined || Object.keys(headers).some((name) => /^content-type$/i.test(name));
  return {
    status,
    headers: isTyped ? headers : { ...headers, "content-type": "application/json" },
    body: body ?? "",
  };
}

async function pause(after: After | undefined, { told }: Reply): Promise<void> {
  if (after === undefined) return;
  if (typeof after !== "number") return void await Promise.race([after, told]);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const timer = setTimeout(resolve, after);
  await Promise.race([promise, told]);
  clearTimeout(timer);
}
