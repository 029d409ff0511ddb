/** Senders of webhooks, as many as there are connections, and what they were answered. */
import { PLACEHOLDER, serialOf } from "../load/webhooks.ts";
import { Connection } from "./connection.ts";

/** What the senders met. */
export interface Tally {
  /** Milliseconds of each 2xx. */
  readonly accepted: number[];
  /** Serials of those. */
  readonly serials: string[];
  /** Milliseconds of each 503. */
  readonly unavailable: number[];
  /** Other statuses, broken connections and answers that never came. */
  readonly failures: Map<string, number>;
  /** Seconds from the first request to the last 2xx. */
  seconds: number;
}

/** How senders send. */
export interface Sending {
  readonly port: number;
  /** Request with placeholders for the serial. */
  readonly template: string;
  readonly connections: number;
  /** Seconds in which new webhooks are sent; 0: one from each connection. */
  readonly seconds: number;
  /** Makes serials differ from those of other runs that one service meets. */
  readonly run: number;
}

/** Milliseconds that a sender waits after a 503. Coder waits minutes; without any wait, 503s would be all that is sent. */
const PATIENCE = 100;

/** Seconds for the last answers; the service's own limits (10 s to begin an attempt, 10 s for it) are below. */
const LAST_ANSWERS = 30;

/** Connections that are opened at once: more than the server's backlog would be dropped and tried again by the kernel. */
const OPENED_AT_ONCE = 200;

/**
 * Opens all connections, then sends from all at once; each sends its next webhook when it has its answer.
 */
export async function send({ port, template, connections, seconds, run }: Sending): Promise<Tally> {
  const tally: Tally = { accepted: [], serials: [], unavailable: [], failures: new Map(), seconds: 0 };
  const fail = (what: string) => tally.failures.set(what, (tally.failures.get(what) ?? 0) + 1);
  const parts = template.split(PLACEHOLDER);
  const open: Connection[] = [];
  try {
    while (open.length < connections) {
      const count = Math.min(OPENED_AT_ONCE, connections - open.length);
      open.push(...await Promise.all(Array.from({ length: count }, () => Connection.open(port))));
    }
    let number = 0;
    let waiting = 0;
    const begun = performance.now();
    const until = begun + seconds * 1000;
    const sender = async (connection: Connection) => {
      do {
        const serial = serialOf(run, 0, ++number);
        waiting++;
        const { status, ms } = await connection.exchange(parts.join(serial)).finally(() => waiting--);
        if (status === 503) {
          tally.unavailable.push(ms);
          await new Promise((resolve) => setTimeout(resolve, PATIENCE));
        } else if (status >= 200 && status < 300) {
          tally.accepted.push(ms);
          tally.serials.push(serial);
          tally.seconds = (performance.now() - begun) / 1000;
        } else fail(String(status));
      } while (performance.now() < until);
    };
    const all = open.map((connection) => sender(connection).catch(() => fail("broken")));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, (seconds + LAST_ANSWERS) * 1000);
    await Promise.race([Promise.all(all), late.promise]);
    clearTimeout(timer);
    if (waiting > 0) tally.failures.set("no answer", waiting);
    // A copy: senders that are cut off now would count themselves as broken too.
    return { ...tally, failures: new Map(tally.failures) };
  } finally {
    for (const connection of open) connection[Symbol.dispose]();
  }
}
