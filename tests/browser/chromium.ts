/** Debian's Chromium, driven by the DevTools protocol over Deno's own WebSocket: no driver package is needed. */
import assert from "node:assert/strict";
import { eventually, within } from "../support/eventually.ts";
import { Child, needs } from "../support/process.ts";

const EXECUTABLE = "/usr/bin/chromium";

const FLAGS = [
  "--headless",
  "--no-sandbox", // Chromium refuses to run as root with it, and only pages of our own are opened
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--force-color-profile=srgb",
  "--remote-debugging-port=0",
];

type Params = Readonly<Record<string, unknown>>;
type Listener = (method: string, params: Params) => void;

/** What the protocol sends. */
interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

/** A running browser. */
export class Chromium implements AsyncDisposable {
  readonly #child: Child;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #calls = new Map<number, { resolve: (result: Params) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, Listener>();
  #lastId = 0;

  private constructor(child: Child, socket: WebSocket, folder: string) {
    this.#child = child;
    this.#socket = socket;
    this.#folder = folder;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  /** Starts it with a profile of its own. @throws {Error} when it is not installed or does not start */
  static async start(): Promise<Chromium> {
    await needs(EXECUTABLE, "'apt-get install --yes chromium', or leave 'deno task suite browser' out");
    const folder = await Deno.makeTempDir({ prefix: "chromium-" });
    const child = new Child([EXECUTABLE, ...FLAGS, `--user-data-dir=${folder}`, "about:blank"], {
      stdout: "null",
    });
    const find = () => child.isOver || /^DevTools listening on (ws:\S+)\n/m.exec(child.stderr)?.[1];
    const address = await eventually(find, "Chromium to start", { seen: () => child.told });
    if (typeof address !== "string") throw new Error(`Chromium did not start:\n${child.told}`);
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`no connection to ${address}`));
    });
    return new Chromium(child, socket, folder);
  }

  /** Opens an empty tab in a context of its own: no password of another tab is known. */
  async open(): Promise<Tab> {
    const { browserContextId } = await this.send("Target.createBrowserContext");
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    assert.ok(typeof sessionId === "string");
    const tab = new Tab((method, params) => this.send(method, params, sessionId));
    this.#listeners.set(sessionId, tab.take);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await tab.send(`${domain}.enable`);
    return tab;
  }

  /** Calls a method of the protocol. */
  async send(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Params>();
    this.#calls.set(id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) });
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.send("Browser.close").catch(() => {});
    await within(this.#child.over, "Chromium to end", { patience: 5_000 }).catch(() => {});
    await this.#child[Symbol.asyncDispose]();
    await closed;
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }

  #take({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) return this.#listeners.get(sessionId ?? "")?.(method!, params ?? {});
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result ?? {});
    else call?.reject(new Error(error.message));
  }
}

/** One tab. */
export class Tab {
  /** Calls a method of the protocol for this tab. */
  readonly send: (method: string, params?: Params) => Promise<Params>;
  /** What the browser's console complained of: violations of the policy, scripts' errors, failed loads. */
  readonly complaints: string[] = [];
  readonly #waiting = new Set<Listener>();

  constructor(send: (method: string, params?: Params) => Promise<Params>) {
    this.send = send;
  }

  readonly take: Listener = (method, params) => {
    if (method === "Log.entryAdded") this.complaints.push(JSON.stringify(params["entry"]));
    if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params));
    for (const listener of this.#waiting) listener(method, params);
  };

  /** Resolves when an event of that name comes. */
  async event(name: string): Promise<Params> {
    const { promise, resolve } = Promise.withResolvers<Params>();
    const listener: Listener = (method, params) => method === name ? resolve(params) : undefined;
    this.#waiting.add(listener);
    return await within(promise, `${name} of Chromium`).finally(() => this.#waiting.delete(listener));
  }

  /** Opens an address, and returns when it is loaded. */
  async visit(url: string): Promise<void> {
    const loaded = this.event("Page.loadEventFired");
    await this.send("Page.navigate", { url });
    await loaded;
  }

  /** Sets theme and size of the window, in CSS pixels. */
  async lookAs(
    { theme, width }: { readonly theme: "light" | "dark"; readonly width: number },
  ): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: theme }],
    });
    const metrics = { width, height: 800, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send("Emulation.setDeviceMetricsOverride", metrics);
  }

  /** The value of an expression in the page; a promise's when it is one. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }

  /** Writes a picture of the whole page. */
  async picture(path: string): Promise<void> {
    const { data } = await this.send("Page.captureScreenshot", {
      format: "png",
      captureBeyondViewport: true,
    });
    await Deno.writeFile(path, Uint8Array.from(atob(data as string), (character) => character.charCodeAt(0)));
  }
}
