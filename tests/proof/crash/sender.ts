/** Coder's part: distinct happenings, each told to one to three recipients, and told again until it is acknowledged. */
import { setTimeout as sleep } from "node:timers/promises";
import { endpointOf, post } from "../../../tools/demo/coder.ts";
import { RECIPIENTS, sampleOf, toldTo, type Webhook } from "../../support/samples.ts";
import type { Random } from "./random.ts";
import type { SenderRecord } from "./records.ts";

/** Milliseconds after which an answer is not waited for any more. */
const PATIENCE = 20_000;

/** Milliseconds before a webhook is sent again. Coder waits minutes; here the run should end. */
const AGAIN = [200, 600] as const;

/** Milliseconds over which the copies of a happening are spread. */
const SPREAD = 300;

/** Where the webhooks go, and what is written down of them. */
export interface SenderOptions {
  /** The service's address: another one after every start. */
  readonly url: () => string;
  readonly secret: string;
  readonly records: SenderRecord[];
  readonly random: Random;
  /** Happenings a second. */
  readonly rate: number;
}

/** Sends happenings at a steady rate, until it is told to stop. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #unacknowledged = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #happenings = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#happen(), 1_000 / options.rate);
  }

  /** Lets nothing more happen; resolves when all that did is acknowledged. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#unacknowledged);
  }

  #happen(): void {
    const number = ++this.#happenings;
    const { random } = this.#options;
    const webhook = happening(number);
    for (const recipient of RECIPIENTS.slice(0, Math.ceil(random.between(0, RECIPIENTS.length)))) {
      const told = this.#tell(number, toldTo(recipient, webhook))
        .finally(() => this.#unacknowledged.delete(told));
      this.#unacknowledged.add(told);
    }
  }

  async #tell(number: number, webhook: Webhook): Promise<void> {
    const { records, random } = this.#options;
    const message = webhook.msg_id;
    await sleep(random.between(0, SPREAD));
    for (;;) {
      records.push({ kind: "post", at: Date.now(), happening: number, message });
      const status = await this.#post(webhook);
      records.push({ kind: "answer", at: Date.now(), message, status });
      if (status >= 200 && status <= 299) return;
      await sleep(random.between(...AGAIN));
    }
  }

  /** The answer's HTTP status, or 0 without an answer. */
  async #post(webhook: Webhook): Promise<number> {
    const { secret, url } = this.#options;
    try {
      const { outcome } = await post(endpointOf(url(), secret), webhook, AbortSignal.timeout(PATIENCE));
      return Number.parseInt(outcome, 10);
    } catch {
      return 0;
    }
  }
}

const SAMPLE = sampleOf({ name: "Workspace Created" });

/** A workspace of its own, so that no two happenings are the same. */
function happening(number: number): Webhook {
  const name = `workspace-${number}`;
  const data = { ...SAMPLE.payload.data, workspace: { id: crypto.randomUUID(), name } };
  return { ...SAMPLE, payload: { ...SAMPLE.payload, data } };
}
