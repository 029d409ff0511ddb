/**
 * The load: what Coder sends, mixed with everything else that reaches a port. The seed decides what begins; how it
 * falls together is the machine's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { RECIPIENTS, sampleOf, toldTo, type Webhook } from "../../support/samples.ts";
import type { Random } from "../crash/random.ts";
import type { SenderRecord } from "../crash/records.ts";

import { type Exchange, RAW, type RawRequest } from "./raw.ts";
import { REFUSED_PREFIX } from "./phases.ts";
import { STRAYS, webhookRequest } from "./strays.ts";

/** Things that begin, a second: a happening has one to three webhooks, and what is answered 503 comes again. */
const RATE = 30;

/** Milliseconds before a webhook is sent again. Coder waits minutes. */
const AGAIN = [200, 600] as const;

/** Milliseconds over which the copies of a happening are spread. */
const SPREAD = 300;

/** Milliseconds after which no answer is waited for: longer than the service itself ever waits. */
const PATIENCE = 45_000;

/** Milliseconds after which some senders hang up. */
const HANGS_UP = [0, 40] as const;

/** How often, of all that begins; the rest are strays. */
const SHARES = { happening: 0.5, refused: 0.02, raw: 0.05 };

/** Of webhooks: sent again although answered 2xx; sender hangs up at first; with a body of 300 KB. */
const REPEATED = 0.1;
const HUNG_UP = 0.05;
const BIG = 0.02;

const BIG_TEXT = "x".repeat(300_000);

/** What one recipient is told of a happening. */
interface Copy {
  readonly happening: number;
  /** PlatformX refuses its event: it may be answered 502. */
  readonly isRefused: boolean;
  readonly webhook: Webhook;
}

/** The load on one service. */
export class Load {
  /** Every webhook of a tracked happening, for the judge of `deno task proof crash`. */
  readonly records: SenderRecord[] = [];
  /** How many requests there were, by what was answered. */
  readonly answers = new Map<string, number>();
  /** Answers that are not what the request must have. */
  readonly misplaced: string[] = [];
  readonly #url: string;
  readonly #random: Random;
  readonly #raw: readonly RawRequest[];
  readonly #begun = new Set<Promise<void>>();
  #happenings = 0;

  /** @param long also what takes the service 15 s to end */
  constructor(url: string, random: Random, long: boolean) {
    this.#url = url;
    this.#random = random;
    this.#raw = RAW.filter((raw) => long || !raw.long);
  }

  /** Begins things for so many seconds, on connections of its own; resolves when all have ended. */
  async run(seconds: number): Promise<void> {
    using client = Deno.createHttpClient({});
    const over = new AbortController();
    const exchange: Exchange = { port: Number(new URL(this.#url).port), over: over.signal };
    const timer = setInterval(() => this.#begin(client, exchange), 1_000 / RATE);
    await sleep(seconds * 1_000);
    clearInterval(timer);
    over.abort();
    await Promise.all(this.#begun);
  }

  #begin(client: Deno.HttpClient, exchange: Exchange): void {
    const dice = this.#random.next();
    const { happening, refused, raw } = SHARES;
    if (dice < happening) this.#happen(`workspace-${++this.#happenings}`, client);
    else if (dice < happening + refused) this.#happen(`${REFUSED_PREFIX}${++this.#happenings}`, client);
    else if (dice < happening + refused + raw) this.#track(this.#exchange(exchange));
    else this.#track(this.#stray(client));
  }

  /** One to three people are told. */
  #happen(name: string, client: Deno.HttpClient): void {
    const happening = this.#happenings;
    const isRefused = name.startsWith(REFUSED_PREFIX);
    const big = this.#random.next() < BIG ? BIG_TEXT : undefined;
    const webhook = happeningOf(name, big);
    const recipients = RECIPIENTS.slice(0, Math.ceil(this.#random.between(0, RECIPIENTS.length)));
    for (const recipient of recipients) {
      this.#track(this.#tell({ happening, isRefused, webhook: toldTo(recipient, webhook) }, client));
    }
  }

  async #tell({ happening, isRefused, webhook }: Copy, client: Deno.HttpClient): Promise<void> {
    const message = webhook.msg_id;
    const body = JSON.stringify(webhook);
    let [left, hangsUp] = [this.#random.next() < REPEATED ? 2 : 1, this.#random.next() < HUNG_UP];
    await sleep(this.#random.between(0, SPREAD));
    while (left > 0) {
      this.records.push({ kind: "post", at: Date.now(), happening, message });
      const patience = hangsUp ? this.#random.between(...HANGS_UP) : PATIENCE;
      const { status, words } = await this.#ask(webhookRequest(this.#url, body), client, patience);
      this.records.push({ kind: "answer", at: Date.now(), message, status });
      if (status === 0 && !hangsUp) this.misplaced.push(`a webhook had no answer: ${words}`);
      else if (!ANSWERS.includes(status) && !(status === 502 && isRefused)) {
        this.misplaced.push(`a webhook was answered ${words}`);
      }
      hangsUp = false;
      if (status === 502) return; // refused: Coder's next try would be answered the same
      if (status >= 200 && status <= 299) left--;
      await sleep(this.#random.between(...AGAIN));
    }
  }

  async #stray(client: Deno.HttpClient): Promise<void> {
    const { what, request, expects } = this.#oneOf(STRAYS);
    const { status, words } = await this.#ask(request(this.#url), client, PATIENCE);
    if (status !== expects) this.misplaced.push(`${what} was answered ${words}, not ${expects}`);
  }

  async #exchange(exchange: Exchange): Promise<void> {
    const { what, run, expects } = this.#oneOf(this.#raw);
    const status = await run(exchange).catch(() => 0);
    this.#count(status === undefined ? "(not waited for)" : String(status));
    if (status !== expects) this.misplaced.push(`${what} was answered ${status}, not ${expects}`);
  }

  /** Sends a request; status 0: no answer in so many milliseconds. */
  async #ask(
    request: Request,
    client: Deno.HttpClient,
    patience: number,
  ): Promise<{ readonly status: number; readonly words: string }> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), patience);
    try {
      const response = await fetch(request, { client, signal: abort.signal });
      const words = [response.status, ...outcomeIn(await response.text())].join(" ");
      this.#count(words);
      return { status: response.status, words };
    } catch (error) {
      const words = abort.signal.aborted ? "(hung up)" : "(broken)";
      this.#count(words);
      return { status: 0, words: `${words} ${error}` };
    } finally {
      clearTimeout(timer);
    }
  }

  #count(words: string): void {
    this.answers.set(words, (this.answers.get(words) ?? 0) + 1);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#begun.delete(tracked));
    this.#begun.add(tracked);
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.between(0, values.length))]!;
  }
}

/** Statuses that a tracked webhook may be answered; 0: none, as the sender hung up. */
const ANSWERS = [0, 200, 202, 503];

const SAMPLE = sampleOf({ name: "Workspace Created" });

/** A workspace of its own. `big` makes the body large in a field that the service does not know. */
function happeningOf(name: string, big: string | undefined): Webhook {
  const { payload } = SAMPLE;
  const data = { ...payload.data, workspace: { id: crypto.randomUUID(), name } };
  const labels = { template: "docker-go", workspace: name };
  return { ...SAMPLE, payload: { ...payload, data, ...{ labels, ...(big === undefined ? {} : { big }) } } };
}

/** The status and the reason of an answer of the service's. */
function outcomeIn(text: string): string[] {
  try {
    const { status, reason } = JSON.parse(text);
    return [status, reason].filter((word) => typeof word === "string");
  } catch {
    return []; // a page or metrics
  }
}
