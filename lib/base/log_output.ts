/** Where the log's lines go, by level. */
import type { Clock } from "./clock.ts";
import { type LineSink, LineWriter } from "./line_writer.ts";
import type { LogLevel } from "./log.ts";

/** What may wait while a stream stands still. */
const MOST = { lines: 10_000, characters: 4 * 1024 * 1024 } as const;

/** Milliseconds for which lines that are no trouble are gathered: a kill loses that much of the log, and nothing else. */
const GATHER = 5;

/**
 * Bytes that a pipe takes in one piece (`PIPE_BUF` on Linux): where both streams are one pipe whose reader stalls, no line
 * of the one ends up in the middle of a line of the other. A terminal has no such bound, and would be slow.
 */
const PIECE = 4096;

/** The priorities of syslog that the journal reads at a line's start (sd-daemon(3)). */
const PRIORITIES: Readonly<Record<LogLevel, string>> = {
  DEBUG: "<7>",
  INFO: "<6>",
  WARNING: "<4>",
  ERROR: "<3>",
};

/** A stream, and what it is. */
export interface LogStream extends LineSink {
  readonly isTerminal?: boolean;
}

/** What the output needs from outside. */
export interface LogOutputOptions {
  /** DEBUG and INFO. */
  readonly stdout: LogStream;
  /** WARNING and ERROR. */
  readonly stderr: LogStream;
  readonly clock: Clock;
  /** Whether lines are gathered now. */
  readonly gathers: () => boolean;
  /** Which of them are systemd's journal. */
  readonly journal: { readonly stdout: boolean; readonly stderr: boolean };
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
    const { clock, gathers, onLost, stderr, stdout } = options;
    const always = { clock, most: MOST, onLost };
    const out = new LineWriter(stdout, {
      ...always,
      piece: pieceOf(stdout),
      gather: async (hurry) => gathers() ? await clock.sleep(GATHER, hurry) : undefined,
    });
    this.#options = options;
    this.#out = out;
    // Trouble is written at once, but after what came before it, as far as that can be written.
    this.#err = new LineWriter(stderr, {
      ...always,
      piece: pieceOf(stderr),
      gather: async () => gathers() ? await out.flush(GATHER) : undefined,
    });
  }

  /** Takes a line. Never throws. */
  readonly write = (line: string, level: LogLevel): void => {
    const { exported, journal } = this.#options;
    const isTrouble = level === "WARNING" || level === "ERROR";
    const prefix = (isTrouble ? journal.stderr : journal.stdout) ? PRIORITIES[level] : "";
    (isTrouble ? this.#err : this.#out).write(prefix + line);
    try {
      exported?.(line, level);
    } catch {
      // Deno writes to the streams as well, unless OTEL_DENO_CONSOLE is "replace": a full disk is no fault of telemetry's.
    }
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

function pieceOf({ isTerminal }: LogStream): number | undefined {
  return isTerminal ? undefined : PIECE;
}
