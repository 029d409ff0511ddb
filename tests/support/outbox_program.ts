/** The program with an outbox in a file, in front of a stand-in, for tests in which the file meets a fault. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../../tools/demo/platformx.ts";
import { notificationWith } from "./fakes.ts";
import { type Entry, type Program, startProgram, until } from "./program.ts";

/** The environment of a program with this outbox. */
export function outboxEnvironment(outbox: string, platformX: StandIn): Record<string, string> {
  return {
    EVENTS_TRACKED: "Workspace Created",
    GETDX_API_KEY: STAND_IN_KEY,
    GETDX_API_URL: platformX.url,
    GETDX_RATE_LIMIT: "0",
    LOG_FORMAT: "json",
    OUTBOX: outbox,
  };
}

/** What a webhook was answered: HTTP status, outcome, reason. */
export type Answered = readonly [code: number, status: string, reason: string | undefined];

/** The answer while the store fails. */
export const UNAVAILABLE: Answered = [503, "unavailable", "outbox"];

/** The answer to a new event. */
export const QUEUED: Answered = [202, "queued", undefined];

/** A stand-in, a folder for the outbox, and the programs that work on it. */
export class OutboxScene implements AsyncDisposable {
  readonly platformX = startPlatformX({ requestsPerMinute: Infinity });
  /** The outbox: a file in a folder of its own, both gone at the end. */
  readonly file: string;
  readonly #folder: string;
  readonly #ownsFolder: boolean;
  readonly #acknowledged = new Set<string>();
  readonly #programs: Program[] = [];

  /** @param folder where the outbox is to be, if not in a temporary folder */
  constructor(folder?: string) {
    this.#ownsFolder = folder === undefined;
    this.#folder = folder ?? Deno.makeTempDirSync();
    this.file = `${this.#folder}/outbox.db`;
  }

  /** Starts a program on the outbox. */
  async start(environment: Record<string, string> = {}): Promise<Program> {
    const settings = { ...outboxEnvironment(this.file, this.platformX), ...environment };
    const program = await startProgram({ environment: settings });
    this.#programs.push(program);
    return program;
  }

  /** Posts a happening of its own, named by its message, and remembers whether it was acknowledged. */
  async tell(program: Program, message: string): Promise<Answered> {
    const response = await program.post(notificationWith({ labels: { workspace: message } }, message));
    const { status, reason } = await response.json();
    if (response.ok) this.#acknowledged.add(message);
    return [response.status, status, reason];
  }

  /** Posts new happenings until one is answered so; others must be answered in one of the ways in `meanwhile`. */
  async tellUntil(program: Program, expected: Answered, meanwhile: readonly Answered[]): Promise<void> {
    const prefix = crypto.randomUUID();
    for (let i = 0, isSo = false; !isSo; i++) {
      assert.ok(i < 600, `600 webhooks were not answered ${expected}\n${program.stderr}`);
      const answered = await this.tell(program, `${prefix}-${i}`);
      isSo = String(answered) === String(expected);
      if (isSo) return;
      assert.ok(meanwhile.some((one) => String(one) === String(answered)), `answered ${answered}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until everything that was answered 2xx is with PlatformX. */
  async allArrived(): Promise<void> {
    const missing = () => {
      const arrived = new Set(this.arrived);
      return [...this.#acknowledged].filter((message) => !arrived.has(message));
    };
    const output = () => `missing: ${missing()}\n${this.#programs.map(({ stderr }) => stderr).join("\n")}`;
    await until(() => missing().length === 0, "all that was acknowledged to arrive", output);
  }

  /** Waits until the program says that nothing is pending. */
  async drained(program: Program): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      const { outbox } = await (await fetch(program.url)).json();
      if (outbox.pending === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`events stay pending\n${program.stderr}`);
  }

  /** Message ids of the events that PlatformX took, in order. */
  get arrived(): readonly string[] {
    return this.platformX.events.map(({ metadata }) => metadata["coder_message_id"]!);
  }

  /** The message ids that were answered 2xx. */
  get acknowledged(): ReadonlySet<string> {
    return this.#acknowledged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    await this.platformX.close();
    if (!this.#ownsFolder) return;
    await Deno.remove(this.#folder, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // a test took it away
    });
  }
}

/** Kinds of faults of the store that a program's log tells of, in order. */
export function faultsIn(program: Program): unknown[] {
  return program.entries.filter(({ event }) => event === "outbox_unusable").map(({ fault }) => fault);
}

/** Asserts that a log entry names OUTBOX and the cause, and says what to do. */
export function assertTells(entry: Entry, fault: string, words: RegExp): void {
  assert.equal(entry.level, "ERROR");
  assert.equal(entry.fault, fault);
  assert.match(entry.message, /^OUTBOX: /);
  assert.match(entry.message, words);
  assert.doesNotMatch(entry.message, /\bat .*\.ts:\d|Error:/);
}
