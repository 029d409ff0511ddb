import type { LogLevel } from "./log.ts";

/** Milliseconds for which lines are gathered: a kill loses that much of the log, and nothing else. */
const GATHER = 5;

/**
 * Where lines go: `console`, with one method for each level, as Deno's OpenTelemetry takes the severity from it.
 *
 * Lines that are no trouble are written together, a few milliseconds late: with a write for each, a webhook's line
 * costs a third of the throughput. What tells of trouble is written at once, after what came before it.
 */
export class LogOutput {
  readonly #together: boolean;
  #gathered: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param together false: each line by itself, as each is exported as a record */
  constructor(together: boolean) {
    this.#together = together;
  }

  /** Writes a line to standard output, soon. */
  readonly out = (line: string, level: LogLevel): void => {
    if (!this.#together) return level === "DEBUG" ? console.debug(line) : console.info(line);
    this.#gathered.push(line);
    this.#timer ??= setTimeout(this.flush, GATHER);
  };

  /** Writes a line to standard error, now. */
  readonly err = (line: string, level: LogLevel): void => {
    this.flush();
    return level === "WARNING" ? console.warn(line) : console.error(line);
  };

  /** Writes what was gathered: to be called before the process ends. */
  readonly flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.length === 0) return;
    console.info(this.#gathered.join("\n"));
    this.#gathered = [];
  };
}
