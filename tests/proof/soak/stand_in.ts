/**
 * PlatformX's stand-in, which behaves as its phase says. It notes what it took in the form that the judge of
 * `deno task proof crash` reads.
 *
 * `node:http`, because it can break a connection and stop listening for a while; `Deno.serve` cannot.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { STAND_IN_KEY } from "../../../tools/demo/platformx.ts";
import { judge, type Judgement, TRACK_PATH } from "../../../tools/demo/platformx_rules.ts";
import type { Random } from "../crash/random.ts";
import type { StandInRecord } from "../crash/records.ts";
import { type Fate, type Phase, WELL, WELL_AGAIN } from "./phases.ts";

/** Workspaces of which the events are refused, by the beginning of their names. */
export const REFUSED_PREFIX = "refused-";

/** A stand-in in this process. */
export class StandIn implements AsyncDisposable {
  /** What came and what became of it. */
  readonly records: StandInRecord[] = [];
  readonly #random: Random;
  readonly #server: Server;
  #port = 0;
  #phase = WELL_AGAIN;
  /** Requests that have no end yet. */
  open = 0;

  private constructor(random: Random) {
    this.#random = random;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  /** Starts one; it listens when this returns. */
  static async start(random: Random): Promise<StandIn> {
    const standIn = new StandIn(random);
    await standIn.#listen();
    return standIn;
  }

  /** Where events are taken. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}${TRACK_PATH}`;
  }

  /** Events that were taken. */
  get events(): number {
    return this.records.filter((record) => record.kind === "arrival" && record.taken).length;
  }

  /** Begins a phase. */
  async enter(phase: Phase): Promise<void> {
    const was = this.#phase;
    this.#phase = phase;
    if (phase.fate === undefined) await this.#stop();
    else if (was.fate === undefined) await this.#listen();
  }

  /** Closes the connections that the service keeps for its next events. */
  closeConnections(): void {
    this.#server.closeAllConnections();
  }

  async #listen(): Promise<void> {
    const listening = once(this.#server, "listening");
    this.#server.listen(this.#port, "127.0.0.1");
    await listening;
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it listens at no port");
    this.#port = address.port;
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open++;
    try {
      await this.#respond(request, response);
    } finally {
      this.open--;
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = once(response, "close").catch(() => {});
    // A request that broke off in the middle was not taken.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const judgement = judgementOn(request, body);
    const message = judgement.event?.metadata["coder_message_id"] ?? "";
    const fate = this.#phase.fate?.(this.#random) ?? WELL;
    const isTaken = judgement.event !== undefined && (fate.kind !== "answered" || fate.taken);
    const number = this.records.length;
    this.records.push({ kind: "arrival", at: Date.now(), request: number, message, taken: isTaken });
    const isTold = await answer(request, response, { fate, judgement, closed });
    this.records.push({ kind: "end", at: Date.now(), request: number, answered: isTold });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.#stop();
  }
}

function judgementOn(request: IncomingMessage, body: string): Judgement {
  const { method = "", url = "" } = request;
  const headers = new Headers({
    authorization: request.headers.authorization ?? "",
    "content-type": request.headers["content-type"] ?? "",
  });
  const judgement = judge({ method, path: url, headers, body }, STAND_IN_KEY);
  if (!judgement.event?.metadata["workspace"]?.startsWith(REFUSED_PREFIX)) return judgement;
  const said = JSON.stringify({ ok: false, error: "unknown_user" });
  return { status: 422, headers: { "content-type": "application/json" }, body: said };
}

/** Answers; returns whether the service was told in clear words what became of the event, by all that is seen here. */
async function answer(
  { socket }: IncomingMessage,
  response: ServerResponse,
  { fate, judgement, closed }: {
    readonly fate: Fate;
    readonly judgement: Judgement;
    readonly closed: Promise<unknown>;
  },
): Promise<boolean> {
  switch (fate.kind) {
    case "lost":
      socket.destroy();
      return false;
    case "silent":
      await closed;
      return false;
    case "answered":
      response.writeHead(fate.status, fate.headers).end(fate.body);
      await closed;
      return !fate.taken && response.writableFinished;
    case "judged":
      await Promise.race([setTimeout(fate.after), closed]);
      if (response.destroyed) return false;
      response.writeHead(judgement.status, judgement.headers).end(judgement.body);
      await closed;
      return response.writableFinished;
  }
}
