/** Where the log's lines go, by level. */
import type { Clock } from "./clock.ts";
import { type LineSink, LineWriter } from "./line_writer.ts";
import type { LogLevel } from "./log.ts";

/** What may wait while a stream stands still. */
const MOST = { lines: 10_000, characters: 4 * 1024 * 1024 } as const;

/** Milliseconds for which lines that are no trouble are gathered: a kill loses that much of the log, and nothing else. */
const GATHER = 5;

/** The priorities of syslog that the journal reads at a line's start (sd-daemon(3)). */
const PRIORITIES: Readonly<Record<LogLevel, string>> = {
  DEBUG: "<7>",
  INFO: "<6>",
  WARNING: "<4>",
  ERROR: "<3>",
};

/** What the output needs from outside. */
export interface LogOutputOptions {
  /** DEBUG and INFO. */
  readonly stdout: LineSink;
  /** WARNING and ERROR. */
  readonly stderr: LineSink;
  readonly clock: Clock;
  /** Both streams are systemd's journal. */
  readonly isJournal: boolean;
  /** Hands each line to telemetry as well. */
  readonly exported?: ((line: string, level: LogLevel) => void) | undefined;
  /** Told when lines can be written again, of how many were lost before. */
  readonly onLost: (count: number) => void;
}

/** Writes lines without ever holding up who logs. */
export class LogOutput {
  readonly #options: LogOutputOptions;
  readonly #out: LineWriter;
  readonly #err: LineWriter;

  constructor(options: LogOutputOptions) {
    const { clock, onLost } = options;
    this.#options = options;
    this.#out = new LineWriter(options.stdout, { clock, most: MOST, gather: GATHER, onLost });
    this.#err = new LineWriter(options.stderr, { clock, most: MOST, gather: 0, onLost });
  }

  /** Takes a line. */
  readonly write = (line: string, level: LogLevel): void => {
    const { exported, isJournal } = this.#options;
    exported?.(line, level);
    const isTrouble = level === "WARNING" || level === "ERROR";
    (isTrouble ? this.#err : this.#out).write(isJournal ? PRIORITIES[level] + line : line);
  };

  /** Lines that were lost since the start. */
  get lost(): number {
    return this.#out.lost + this.#err.lost;
  }

  /** When a line was last lost, in monotonic milliseconds. */
  get lastLost(): number | undefined {
    const times = [this.#out.lastLost, this.#err.lastLost].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** Writes what waits, for at most so many milliseconds: to be called before the process ends or is frozen. */
  async flush(ms: number): Promise<void> {
    await Promise.all([this.#out.flush(ms), this.#err.flush(ms)]);
  }
}
