import { API_KEY } from "../config/config.ts";
import { clean } from "../config/settings.ts";
import type { Log } from "../base/log.ts";

/** PlatformX's key. From a file it can change while the service runs: secrets are rotated by replacing files. */
export class ApiKey {
  #current: string;
  readonly #path: string | undefined;
  readonly #log: Log;

  /** @param path file to read the key from again, if it came from one */
  constructor(key: string, path: string | undefined, log: Log) {
    this.#current = key;
    this.#path = path;
    this.#log = log;
  }

  /** The key to send now. */
  get current(): string {
    return this.#current;
  }

  /** Reads the file again; called while PlatformX refuses the key. An unusable file changes nothing. */
  async reload(): Promise<void> {
    if (this.#path === undefined) return;
    try {
      const key = clean(await Deno.readTextFile(this.#path));
      if (key === undefined || key === this.#current || !API_KEY.test(key)) return;
      this.#current = key;
      this.#log.write(
        "INFO",
        "key_reloaded",
        "The file of GETDX_API_KEY_FILE holds another key: it is used from now on",
      );
    } catch {
      // The file may be missing for a moment while it is replaced: the next probe looks again.
    }
  }
}
