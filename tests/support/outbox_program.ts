/** The program with an outbox in a file, in front of a stand-in, for tests in which the file meets a fault. */
import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";
import { notificationWith } from "./fakes.ts";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "./platformx.ts";
import { type Answered, answered, type Entry, type Program, startProgram } from "./service.ts";

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

/** The answer while the store fails. */
export const UNAVAILABLE: Answered = [503, "unavailable", "outbox"];

/** The answer to a new event. */
export const QUEUED: Answered = [202, "queued", undefined];

/** A stand-in, a folder for the outbox, and the programs that work on it. */
export class OutboxScene implements AsyncDisposable {
  readonly platformX: StandIn;
  /** The outbox: a file in a folder of its own, both gone at the end. */
  readonly file: string;
  readonly #folder: string;
  readonly #ownsFolder: boolean;
  readonly #acknowledged = new Set<string>();
  readonly #programs: Program[] = [];

  private constructor(platformX: StandIn, folder: string | undefined) {
    this.platformX = platformX;
    this.#ownsFolder = folder === undefined;
    this.#folder = folder ?? Deno.makeTempDirSync();
    this.file = `${this.#folder}/outbox.db`;
  }

  /** @param folder where the outbox is to be, if not in a temporary folder */
  static async open(folder?: string): Promise<OutboxScene> {
    return new OutboxScene(await startPlatformX({ requestsPerMinute: Infinity }), folder);
  }

  /** Starts a program on the outbox: the usual one, or the one of a command line. */
  async start(environment: Record<string, string> = {}, commandLine?: readonly string[]): Promise<Program> {
    const settings = { ...outboxEnvironment(this.file, this.platformX), ...environment };
    const given = commandLine === undefined ? {} : { program: commandLine };
    const program = await startProgram({ environment: settings, ...given });
    this.#programs.push(program);
    return program;
  }

  /** Posts a happening of its own, named by its message, and remembers whether it was acknowledged. */
  async tell(program: Program, message: string): Promise<Answered> {
    const answer = await answered(
      program.post(notificationWith({ labels: { workspace: message } }, message)),
    );
    if (answer[0] < 300) this.#acknowledged.add(message);
    return answer;
  }

  /** Posts new happenings until one is answered so; others must be answered in one of the ways in `meanwhile`. */
  async tellUntil(program: Program, expected: Answered, meanwhile: readonly Answered[]): Promise<void> {
    const tell = async () => {
      const answer = String(await this.tell(program, crypto.randomUUID()));
      assert.ok([expected, ...meanwhile].some((one) => String(one) === answer), `answered ${answer}`);
      return answer;
    };
    const seen = () => program.stderr;
    await eventually(tell, `the answer ${expected}`, {
      until: (answer) => answer === String(expected),
      seen,
    });
  }

  /** Waits until everything that was answered 2xx is with PlatformX. */
  async allArrived(): Promise<void> {
    const missing = () => {
      const arrived = new Set(this.arrived);
      return [...this.#acknowledged].filter((message) => !arrived.has(message));
    };
    const seen = () => this.#programs.map(({ stderr }) => stderr).join("\n");
    await eventually(missing, "all that was acknowledged to arrive", {
      until: ({ length }) => length === 0,
      seen,
    });
  }

  /** Waits until the program says that so many events are pending and dead. */
  async holds(program: Program, pending: number, dead = 0): Promise<void> {
    await eventually(async () => (await program.health()).outbox, `${pending} pending and ${dead} dead`, {
      until: (outbox) => outbox.pending === pending && outbox.dead === dead,
      seen: () => program.stderr,
    });
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
