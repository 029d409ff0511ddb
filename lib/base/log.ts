/**
 * The service's log: one line per entry.
 *
 * `@logtape/logtape` was measured beside it (`tools/bench/log_bench.ts`): see the README's dependencies for the choice.
 */
import { escapeControls, printableJson, type Shown } from "./redact.ts";
import type { LogEvent } from "./log_events.ts";

/** Severity of a log line, in ascending order. */
export const LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Details of an entry. Never an address (but at DEBUG), never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes entries. `event` is a name of the closed list, `message` a sentence for the operator. */
export interface Log {
  /** Whether entries of this level are written: lets a caller skip the work of making one. */
  writes(level: LogLevel): boolean;
  /** The compiler refuses texts from outside that nobody has redacted: see {@link Shown}. */
  write<const M extends string, const F extends LogFields>(
    level: LogLevel,
    event: LogEvent,
    message: M & Shown<M>,
    fields?: F & { readonly [K in keyof F]: Shown<F[K]> },
  ): void;
}

/** How lines look, and where they go. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  readonly colour: boolean;
  /** In text: a field that holds JSON, as the event of a dry run does, is put on indented lines below. */
  readonly unfolds: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly output: (line: string, level: LogLevel) => void;
}

const COLOURS: Readonly<Record<LogLevel, string>> = { DEBUG: "90", INFO: "36", WARNING: "33", ERROR: "31" };

/** Makes a log. */
export function createLog({ level: lowest, format, now, output, ...looks }: LogOptions): Log {
  const written = new Set(LOG_LEVELS.slice(LOG_LEVELS.indexOf(lowest)));
  const writes = (level: LogLevel) => written.has(level);
  const line = format === "json" ? jsonLine : textLine;
  return {
    writes,
    write(level: LogLevel, event: LogEvent, message: string, fields: LogFields = {}) {
      if (!writes(level)) return;
      const time = new Date(now()).toISOString();
      output(line({ time, level, event, message }, fields, looks), level);
    },
  };
}

interface Head {
  readonly time: string;
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly message: string;
}

/** Characters that need no second look in JSON: nearly every line has no others. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

function jsonLine(head: Head, fields: LogFields): string {
  const entry = { ...head, ...fields };
  const line = JSON.stringify(entry);
  if (PLAIN.test(line)) return line;
  return JSON.stringify(entry, (_, value) => typeof value === "string" ? escapeControls(value) : value);
}

function textLine(
  { time, level, event, message }: Head,
  fields: LogFields,
  { colour, unfolds }: Pick<LogOptions, "colour" | "unfolds">,
): string {
  const paint = (text: string, code: string) => colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const below: string[] = [];
  const details = Object.entries(fields).filter(([, value]) => value !== undefined).flatMap(
    ([key, value]) => {
      const object = unfolds && typeof value === "string" ? objectIn(value) : undefined;
      if (object !== undefined) {
        below.push(`\n${paint(`${key}=`, "90")}${printableJson(object)}`.replaceAll("\n", "\n  "));
        return [];
      }
      const text = escapeControls(String(value));
      return [`${paint(`${key}=`, "90")}${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`];
    },
  );
  const head = `${paint(time, "90")} ${paint(level.padEnd(7), COLOURS[level])} ${event.padEnd(16)} `;
  return head + [escapeControls(message), ...details].join("  ") + below.join("");
}

/** A JSON object in its text; undefined: it is none, or was cut. */
function objectIn(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
