import { API_KEY } from "../config/config.ts";
import { clean } from "../config/settings.ts";
import type { Log } from "../base/log.ts";
import type { Files } from "../runtime/runtime.ts";

/** PlatformX's key. From a file it can change while the service runs: secrets are rotated by replacing files. */
export class ApiKey {
  #current: string;
  readonly #path: string | undefined;
  readonly #files: Pick<Files, "read">;
  readonly #log: Log;

  /** @param path file to read the key from again, if it came from one */
  constructor(key: string, path: string | undefined, files: Pick<Files, "read">, log: Log) {
    this.#current = key;
    this.#path = path;
    this.#files = files;
    this.#log = log;
  }

  /** The key to send now. */
  get current(): string {
    return this.#current;
  }

  /** Reads the file again; called while PlatformX refuses the key. An unusable file changes nothing. */
  async reload(): Promise<void> {
    if (this.#path === undefined) return;
    const bytes = await this.#files.read(this.#path, KEY_FILE_LIMIT);
    // The file may be missing for a moment while it is replaced: the next probe looks again.
    if (typeof bytes === "string") return;
    const key = clean(new TextDecoder().decode(bytes));
    if (key === undefined || key === this.#current || !API_KEY.test(key)) return;
    this.#current = key;
    const text = "The file of GETDX_API_KEY_FILE holds another key: it is used from now on";
    this.#log.write("INFO", "key_reloaded", text);
  }
}

/** Bytes of the key's file that are read. */
const KEY_FILE_LIMIT = 64 * 1024;
