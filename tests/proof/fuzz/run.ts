/** Feeds the service and judges everything that comes out of it. */
import type { Random } from "../crash/random.ts";
import { Broken, judgeAnswer, judgeEvent, judgeLine, judgeReading } from "./judge.ts";
import { type Input, Inputs, type Kind } from "./inputs.ts";
import { reading, webhook } from "./requests.ts";
import { FuzzedService } from "./service.ts";

/** What a run came to. */
export interface Run {
  /** Answers, by status and reason. */
  readonly answers: ReadonlyMap<string, number>;
  readonly kinds: ReadonlyMap<string, number>;
  readonly events: number;
  readonly lines: number;
  /** The input that took longest, for its size. */
  readonly slowest: {
    readonly number: number;
    readonly kind: Kind;
    readonly ms: number;
    readonly bytes: number;
  };
}

/** An input that broke a rule. */
export class Found extends Error {
  override readonly name = "Found";
  constructor(readonly number: number, readonly input: Input, override readonly cause: Error) {
    super(`input ${number} (${input.kind}): ${cause.message}`);
  }
}

/** Share of inputs that are no webhook. */
const READING = 0.03;

/** Longest advance of the clock between two inputs, in milliseconds: pauses end, and copies are still remembered. */
const ADVANCE = 20_000;

const DOMAIN = "example.com";

/** Runs inputs `from` to `from + count`. `samples`: decoded webhooks by their names. */
export async function run(
  { seed, from, count }: { readonly seed: number; readonly from: number; readonly count: number },
  samples: ReadonlyMap<string, unknown>,
): Promise<Run> {
  const inputs = new Inputs(seed, samples);
  const steady = new FuzzedService();
  const services = [
    new FuzzedService(),
    new FuzzedService(),
    new FuzzedService({ dryRun: true, domains: [DOMAIN] }),
  ];
  const meanings = await meaningsOf(samples);
  const tally = { answers: new Map<string, number>(), kinds: new Map<string, number>(), events: 0, lines: 0 };
  let slowest = { number: 0, kind: "mutated" as Kind, ms: 0, bytes: 0 };
  for (let number = from; number < from + count; number++) {
    const input = inputs.at(number);
    const { random } = input;
    const service = input.means === undefined
      ? services[Math.floor(random.next() * services.length)]!
      : steady;
    service.clock.pass(random.between(0, ADVANCE));
    service.upstream.random = input.means === undefined ? random : undefined;
    try {
      const begun = performance.now();
      const key = await answerOf(service, input);
      const ms = performance.now() - begun;
      if (ms / (input.body.length + 10_000) > slowest.ms / (slowest.bytes + 10_000)) {
        slowest = { number, kind: input.kind, ms, bytes: input.body.length };
      }
      const { events, lines } = judgeTraces(service, input, meanings);
      tally.events += events;
      tally.lines += lines;
      increment(tally.answers, key);
      increment(tally.kinds, input.kind);
    } catch (error) {
      throw error instanceof Error ? new Found(number, input, error) : error;
    }
  }
  return { ...tally, slowest };
}

async function answerOf(service: FuzzedService, input: Input): Promise<string> {
  const { random } = input;
  if (input.means === undefined && random.next() < READING) {
    const answer = await service.handle(reading(random));
    judgeReading(answer.status, answer.headers, await answer.text());
    return `read ${answer.status}`;
  }
  // What has a meaning must be taken: its head is in order.
  const request = webhook(input.body, input.means === undefined ? random : STEADY);
  const answer = await service.handle(request);
  const { status, reason } = judgeAnswer(answer.status, answer.headers, await answer.text());
  const key = `${status} ${reason}`.trim();
  if (input.means !== undefined && key !== expectedOf.get(input.means)) {
    throw new Broken(
      `'${input.means}' written in another way is answered '${key}', not '${expectedOf.get(input.means)}'`,
    );
  }
  return key;
}

/** A head in order, and the body as a whole. */
const STEADY = { next: () => 0.5, between: (low: number) => low } as unknown as Random;

/** The answers to the samples as they are. */
const expectedOf = new Map<string, string>();

/** The events that the samples become, without what tells one happening from another. */
async function meaningsOf(samples: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, string>> {
  const service = new FuzzedService();
  const meanings = new Map<string, string>();
  for (const [name, value] of samples) {
    const answer = await service.handle(webhook(new TextEncoder().encode(JSON.stringify(value)), STEADY));
    const { status, reason } = judgeAnswer(answer.status, answer.headers, await answer.text());
    expectedOf.set(name, `${status} ${reason}`.trim());
    meanings.set(name, service.upstream.sent.splice(0).map(withoutId).join());
  }
  return meanings;
}

function withoutId(sent: string): string {
  return sent.replace(/,?"coder_message_id":"[^"]*"/, "").replace(/"timestamp":"\d+"/, "");
}

function judgeTraces(
  service: FuzzedService,
  input: Input,
  meanings: ReadonlyMap<string, string>,
): { readonly events: number; readonly lines: number } {
  const { lines } = service;
  service.lines = [];
  for (const line of lines) judgeLine(line);
  const sent = service.upstream.sent.splice(0);
  if (sent.length > 0) {
    const decoded: unknown = JSON.parse(new TextDecoder().decode(input.body));
    for (const event of sent) judgeEvent(event, decoded, input);
  }
  if (input.means !== undefined && sent.map(withoutId).join() !== meanings.get(input.means)) {
    throw new Broken(`'${input.means}' written in another way becomes another event: ${sent.join()}`);
  }
  return { events: sent.length, lines: lines.length };
}

function increment(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

/** What a program relies on everywhere: names of the members of the prototypes that inputs try to change. */
export function prototypes(): string {
  return JSON.stringify(
    [Object, Array, String, Number, Map, Set, Promise, Function].map(({ prototype }) =>
      Reflect.ownKeys(prototype).map(String)
    ),
  );
}
