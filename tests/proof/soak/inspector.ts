/**
 * Looks into a running `deno run --inspect` by the protocol of Chrome's developer tools: what the heap holds once its
 * garbage is collected, and which timers there are. A compiled program cannot be looked into like this.
 */
import * as z from "zod";

/** What is alive in a heap without garbage. */
export interface Inside {
  /** Megabytes of 1,000,000 bytes: objects, and the buffers that belong to them. */
  readonly heap: number;
  /** Objects of `setTimeout` and `setInterval` that are running, or that somebody keeps. */
  readonly timers: number;
  /** Signals are what listeners are left behind at. */
  readonly signals: number;
}

const targets = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const usage = z.object({ usedSize: z.number(), backingStorageSize: z.number() });
const evaluated = z.object({ result: z.object({ objectId: z.string() }) });
const queried = z.object({ objects: z.object({ objectId: z.string() }) });
const counted = z.object({ result: z.object({ value: z.number() }) });
const answered = z.object({ id: z.number(), result: z.unknown() });

/** Objects that are asked for are kept under this name, until it is released. */
const objectGroup = "soak";

/** Has no name: a timer is made, and ended at once so as not to be counted. */
const TIMERS_PROTOTYPE = `(() => {
  const timer = setTimeout(() => {}, 3_600_000);
  clearTimeout(timer);
  return Object.getPrototypeOf(timer);
})()`;

/** A connection to the inspector. */
export class Inspector implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #closed: Promise<void>;
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.onclose = () => resolve());
    socket.onmessage = ({ data }) => {
      const { data: answer } = answered.safeParse(JSON.parse(data));
      if (answer !== undefined) this.#waiting.get(answer.id)?.(answer.result);
    };
  }

  /** Connects to the inspector at a port of this machine. */
  static async open(port: number): Promise<Inspector> {
    // Its connection is closed afterwards, so as not to be counted.
    using client = Deno.createHttpClient({});
    const list = await (await fetch(`http://127.0.0.1:${port}/json/list`, { client })).json();
    const socket = new WebSocket(targets.parse(list)[0]!.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Inspector(socket);
  }

  /** Collects the garbage, and counts what is left. */
  async look(): Promise<Inside> {
    // The inspector itself keeps what was logged.
    await this.#call("Runtime.discardConsoleEntries");
    const timers = await this.#count(TIMERS_PROTOTYPE);
    const signals = await this.#count("AbortSignal.prototype");
    await this.#call("Runtime.releaseObjectGroup", { objectGroup });
    await this.#call("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = usage.parse(await this.#call("Runtime.getHeapUsage"));
    return { heap: (usedSize + backingStorageSize) / 1e6, timers, signals };
  }

  /** Objects with this prototype; those that nobody keeps are collected before. */
  async #count(expression: string): Promise<number> {
    const prototype = evaluated.parse(await this.#call("Runtime.evaluate", { expression, objectGroup }));
    const { objects } = queried.parse(
      await this.#call("Runtime.queryObjects", { prototypeObjectId: prototype.result.objectId, objectGroup }),
    );
    const functionDeclaration = "function () { return this.length; }";
    const { result } = counted.parse(
      await this.#call("Runtime.callFunctionOn", { functionDeclaration, ...objects, returnByValue: true }),
    );
    return result.value;
  }

  #call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const closed = this.#closed.then(() => Promise.reject(new Error("the service has ended")));
    return Promise.race([promise, closed]).finally(() => this.#waiting.delete(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed;
  }
}
