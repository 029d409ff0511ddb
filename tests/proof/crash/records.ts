/** What sender and stand-in write down: one JSON object a line, appended before anything else happens. */

/** The sender's log. Times are Unix milliseconds, here and below. */
export type SenderRecord =
  /** A webhook goes out: the copy of a happening for one recipient, for the first time or again. */
  | { readonly kind: "post"; readonly at: number; readonly happening: number; readonly message: string }
  /** Its answer; status 0: there was none. */
  | { readonly kind: "answer"; readonly at: number; readonly message: string; readonly status: number }
  /** The service is killed now, or was started. */
  | { readonly kind: "kill" | "start"; readonly at: number };

/** The stand-in's log. */
export type StandInRecord =
  /** A request was read. `taken`: the event is PlatformX's from here on, whatever becomes of the answer. */
  | {
    readonly kind: "arrival";
    readonly at: number;
    readonly request: number;
    /** `coder_message_id` of the event. */
    readonly message: string;
    readonly taken: boolean;
  }
  /** The answer was written, or (`answered: false`) never will be. */
  | { readonly kind: "end"; readonly at: number; readonly request: number; readonly answered: boolean };

/** Appends records to a file; each is with the system when `write` returns, so that no crash loses one. */
export class RecordFile<T> {
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { create: true, append: true });
  }

  /** Writes one record. */
  write(record: T): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
    for (let from = 0; from < bytes.length;) from += this.#file.writeSync(bytes.subarray(from));
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

/** Reads records. A last line without an end was being written when its writer was killed, and is left out. */
export function recordsIn<T>(text: string): T[] {
  return text.split("\n").slice(0, -1).map((line): T => JSON.parse(line));
}
