/** Lines on their way to a stream that may be slow, full or closed: they never hold up who writes them. */
import type { Clock } from "./clock.ts";
import { utf8Bytes } from "./utf8.ts";

/** Where lines end up. One write at a time; rejects when it fails. */
export interface LineSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** How much may wait, and for what. */
export interface LineWriterOptions {
  readonly clock: Clock;
  /** Bounds of what waits; beyond them lines are lost. Undefined: none, as for the result of a command. */
  readonly most?: { readonly lines: number; readonly characters: number };
  /**
   * What the first of some lines waits for, so that others can join it: one write costs more than one line. Ends at
   * once when the signal is aborted. Never rejects.
   */
  readonly gather?: (hurry: AbortSignal) => Promise<void>;
  /** Bytes of one write at most, in whole lines, unless one alone is longer. Undefined: all that waits goes at once. */
  readonly piece?: number | undefined;
  /** Told when a line could be written again, of how many were lost before. */
  readonly onLost?: (count: number) => void;
}

/** Milliseconds after a write that failed until the next one is tried. */
const RETRY = 1_000;

/** Lines that wait together. */
class Batch {
  readonly lines: string[] = [];
  characters = 0;
  /** Settles when they are written or lost. */
  readonly done = Promise.withResolvers<void>();
}

/** Writes lines to one stream, in order. */
export class LineWriter {
  readonly #sink: LineSink;
  readonly #options: LineWriterOptions;
  readonly #encoder = new TextEncoder();
  #waiting: Batch | undefined;
  #underWay: Batch | undefined;
  #isBusy = false;
  #hurry = new AbortController();
  /** The last write failed, perhaps in the middle of a line. */
  #isTorn = false;
  #lost = 0;
  #told = 0;
  #lastLost: number | undefined;

  constructor(sink: LineSink, options: LineWriterOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Lines that could not be written, or did not fit while the stream stood still, since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** When a line was last lost, in monotonic milliseconds. */
  get lastLost(): number | undefined {
    return this.#lastLost;
  }

  /** Takes a line, and writes it soon. */
  write(line: string): void {
    const { most } = this.#options;
    const batch = this.#waiting ?? new Batch();
    if (most && (batch.lines.length >= most.lines || batch.characters + line.length > most.characters)) {
      return this.#lose(1);
    }
    this.#waiting = batch;
    batch.lines.push(line);
    batch.characters += line.length;
    if (!this.#isBusy) void this.#writeAll();
  }

  /** Writes what waits at once; resolves when it is written or lost, at the latest after `ms`. Never rejects. */
  async flush(ms = Infinity): Promise<void> {
    const newest = this.#waiting ?? this.#underWay;
    if (newest === undefined) return;
    this.#hurry.abort();
    if (ms === Infinity) return await newest.done.promise;
    const ended = new AbortController();
    await Promise.race([newest.done.promise, this.#options.clock.sleep(ms, ended.signal)]);
    ended.abort();
  }

  async #writeAll(): Promise<void> {
    const { clock, gather } = this.#options;
    this.#isBusy = true;
    this.#hurry = new AbortController();
    await gather?.(this.#hurry.signal);
    while (this.#waiting !== undefined) {
      this.#hurry = new AbortController();
      const batch = this.#underWay = this.#waiting;
      this.#waiting = undefined;
      const isWritten = await this.#write(batch.lines);
      this.#underWay = undefined;
      batch.done.resolve();
      // What waits by now came while the stream failed: a full disk may have room again in a moment.
      if (!isWritten && this.#waiting !== undefined) await clock.sleep(RETRY, this.#hurry.signal);
    }
    this.#isBusy = false;
  }

  async #write(lines: readonly string[]): Promise<boolean> {
    let written = 0;
    try {
      while (written < lines.length) {
        const some = lines.slice(written, endOfPiece(lines, written, this.#options.piece));
        const text = `${this.#isTorn ? "\n" : ""}${some.join("\n")}\n`;
        await this.#sink.write(this.#encoder.encode(text));
        this.#isTorn = false;
        written += some.length;
      }
    } catch {
      this.#isTorn = true;
      this.#lose(lines.length - written);
      return false;
    }
    const count = this.#lost - this.#told;
    this.#told = this.#lost;
    if (count > 0) this.#options.onLost?.(count);
    return true;
  }

  #lose(count: number): void {
    this.#lost += count;
    this.#lastLost = this.#options.clock.monotonic();
  }
}

/** The end of the lines from `start` on that fit into one piece: one line at least. */
function endOfPiece(lines: readonly string[], start: number, most = Infinity): number {
  if (most === Infinity) return lines.length;
  // A line break may stand before the first.
  let bytes = 1;
  for (let end = start; end < lines.length; end++) {
    bytes += utf8Bytes(lines[end]!) + 1;
    if (bytes > most && end > start) return end;
  }
  return lines.length;
}
