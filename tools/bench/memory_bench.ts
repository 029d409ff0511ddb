/**
 * What remembering occurrences costs: memory for 100,000 of them with three recipients each, and time per webhook with
 * 1,000, 10,000 and 100,000 remembered while as many are forgotten as come.
 *
 * Exits 1 when a bound is broken: 60 MB, and 1.5 times the time at 1,000.
 */
import type { Copy } from "../../lib/coder/occurrence.ts";
import { OccurrenceMemory } from "../../lib/delivery/dedup_cache.ts";

declare const gc: () => void;

const RECIPIENTS = 3;
const WINDOW = 24 * 3_600_000;
const MOST_MEGABYTES = 60;
const MOST_RATIO = 1.5;
const ROUNDS = 7;

/** A text that shares nothing with others, as one that was parsed out of a body. */
function fresh(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

function keyOf(n: number): string {
  return fresh(`${n}`.padStart(22, "k"));
}

function copyOf(n: number, recipient: number): Copy {
  const messageId = fresh(crypto.randomUUID());
  return {
    recipient: fresh(`00000000-0000-4000-8000-${`${recipient}`.padStart(12, "0")}`),
    messageId,
    arrivedAt: 1.8e12 + n,
  };
}

/** One happening: every recipient's copy, then done. */
function handle(memory: OccurrenceMemory, n: number): void {
  const key = keyOf(n);
  for (let recipient = 0; recipient < RECIPIENTS; recipient++) {
    const { number, settled } = memory.remember(key, copyOf(n, recipient));
    if (!settled) memory.settle(key, number);
  }
}

function heapUsed(): number {
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

function megabytesOf(occurrences: number): number {
  const before = heapUsed();
  const memory = new OccurrenceMemory(WINDOW, () => 0);
  for (let n = 0; n < occurrences; n++) handle(memory, n);
  const after = heapUsed();
  handle(memory, occurrences);
  return (after - before) / 1e6;
}

/** Nanoseconds per webhook in a steady state: `remembered` occurrences in each window. */
function nanosecondsAt(remembered: number): number {
  let now = 0;
  let n = 0;
  const memory = new OccurrenceMemory(WINDOW, () => now);
  const step = () => {
    now += WINDOW / remembered;
    handle(memory, n++);
  };
  while (n < remembered * 1.5) step();
  const occurrences = Math.max(20_000, remembered);
  const begun = performance.now();
  for (let i = 0; i < occurrences; i++) step();
  return (performance.now() - begun) * 1e6 / occurrences / RECIPIENTS;
}

const megabytes = megabytesOf(100_000);
console.log(
  `100,000 occurrences with ${RECIPIENTS} recipients each: ${
    megabytes.toFixed(1)
  } MB (at most ${MOST_MEGABYTES})`,
);

const sizes = [1_000, 10_000, 100_000];
const times = new Map<number, number>(sizes.map((size) => [size, Infinity]));
for (let round = 0; round < ROUNDS; round++) {
  for (const size of sizes) times.set(size, Math.min(times.get(size)!, nanosecondsAt(size)));
}
const ratios = sizes.map((size) => times.get(size)! / times.get(sizes[0]!)!);
console.log(
  `Time per webhook, forgetting under way, best of ${ROUNDS} rounds (at most ${MOST_RATIO} times the first):`,
);
for (const [i, size] of sizes.entries()) {
  console.log(
    `  ${String(size).padStart(7)} remembered: ${(times.get(size)! / 1000).toFixed(2)} µs, ${
      ratios[i]!.toFixed(2)
    } times`,
  );
}
Deno.exit(megabytes <= MOST_MEGABYTES && Math.max(...ratios) <= MOST_RATIO ? 0 : 1);
