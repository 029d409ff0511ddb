import type { Log } from "../base/log.ts";
import { clean } from "../config/given.ts";
import { headerSecret } from "../config/parse_config.ts";
import { readText } from "../config/read_settings.ts";
import type { Files } from "../runtime/runtime.ts";

/** PlatformX's key. From a file it can change while the service runs: secrets are rotated by replacing files. */
export class ApiKey {
  #current: string;
  readonly #path: string | undefined;
  readonly #files: Pick<Files, "read">;
  readonly #log: Log;
  #reading: Promise<void> | undefined;

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
  reload(): Promise<void> {
    // On a disk that stalls a reading lasts: another one would only keep another thread.
    return this.#reading ??= this.#read().finally(() => this.#reading = undefined);
  }

  async #read(): Promise<void> {
    if (this.#path === undefined) return;
    const file = await readText(this.#files, this.#path, "one");
    // The file may be missing for a moment while it is replaced: the next probe looks again.
    const key = "text" in file ? clean(file.text) : undefined;
    if (key === undefined || key === this.#current || !("value" in headerSecret(key))) return;
    this.#current = key;
    this.#log.write(
      "INFO",
      "key_reloaded",
      "The file of GETDX_API_KEY_FILE holds another key: it is used from now on",
    );
  }
}
