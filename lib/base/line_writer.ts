/** Lines on their way to a stream that may be slow, full or closed: they never hold up who writes them. */
import type { Clock } from "./clock.ts";

/** Where lines end up. One write at a time; rejects when it fails. */
export interface LineSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** How much may wait, and for how long lines are gathered. */
export interface LineWriterOptions {
  readonly clock: Clock;
  /** Bounds of what waits; beyond them lines are lost. Undefined: none, as for the result of a command. */
  readonly most?: { readonly lines: number; readonly characters: number };
  /** Milliseconds for which a line waits for others, so that they are written together; a write costs more than a line. */
  readonly gather: number;
  /** Told when a line could be written again, of how many were lost before. */
  readonly onLost?: (count: number) => void;
}

/** Milliseconds after a write that failed until the next one is tried. */
const RETRY = 1_000;

const NEVER = new AbortController().signal;

/** Writes lines to one stream, in order. */
export class LineWriter {
  readonly #sink: LineSink;
  readonly #options: LineWriterOptions;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #characters = 0;
  #lost = 0;
  #told = 0;
  #lastLost: number | undefined;
  #hurry = new AbortController();
  #writing: Promise<void> | undefined;

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

  /** Takes a line, and writes it soon; `now`: without waiting for others. */
  write(line: string, now = false): void {
    const { most } = this.#options;
    if (most && (this.#waiting.length >= most.lines || this.#characters + line.length > most.characters)) {
      return this.#lose(1);
    }
    this.#waiting.push(line);
    this.#characters += line.length;
    if (now) this.#hurry.abort();
    this.#writing ??= this.#writeAll();
  }

  /** Writes what waits at once; resolves when all of it is written or lost, at the latest after `ms`. Never rejects. */
  async flush(ms = Infinity): Promise<void> {
    if (this.#writing === undefined) return;
    this.#hurry.abort();
    if (ms === Infinity) return await this.#writing;
    const written = new AbortController();
    const late = this.#options.clock.sleep(ms, written.signal);
    await Promise.race([this.#writing.then(() => written.abort()), late]);
  }

  async #writeAll(): Promise<void> {
    const { clock, gather } = this.#options;
    if (gather > 0) await clock.sleep(gather, this.#hurry.signal);
    else await undefined;
    while (this.#waiting.length > 0) {
      this.#hurry = new AbortController();
      const lines = this.#waiting;
      this.#waiting = [];
      this.#characters = 0;
      try {
        await this.#sink.write(this.#encoder.encode(lines.join("\n") + "\n"));
        this.#tellLost();
      } catch {
        this.#lose(lines.length);
        // What waits now was written while the stream failed: a full disk may have room again in a moment.
        if (this.#waiting.length > 0) await clock.sleep(RETRY, this.#hurry.signal);
      }
    }
    this.#writing = undefined;
    this.#hurry = new AbortController();
  }

  #lose(count: number): void {
    this.#lost += count;
    this.#lastLost = this.#options.clock.monotonic();
  }

  #tellLost(): void {
    const count = this.#lost - this.#told;
    if (count === 0) return;
    this.#told = this.#lost;
    this.#options.onLost?.(count);
  }
}
