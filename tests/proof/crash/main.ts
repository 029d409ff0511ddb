/**
 * Kills the service under load, again and again, and has a judge compare what it had answered with what arrived.
 *
 * `deno task proof crash [--kills N] [--rate HAPPENINGS_PER_SECOND] [--seed N]`. Exit codes: 0 nothing was lost and every
 * second event is explained, 1 not so, or the run did not come to its end; 2 usage.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { STAND_IN_KEY } from "../../../tools/demo/platformx.ts";
import { spawnService, type StartedService } from "../../../tools/demo/service.ts";
import { within } from "../within.ts";
import { Random } from "./random.ts";
import { RecordFile, type SenderRecord } from "./records.ts";
import { Sender } from "./sender.ts";

const SECRET = "crash-test";

/** Milliseconds that a service lives before it is killed: from its start, so that starting is cut too. */
const LIFE = [300, 4_500] as const;

/** Milliseconds until the next start. What the dead process had sent is read by then. */
const DEAD = [100, 400] as const;

/** Milliseconds for the outbox to empty: longer than 30 s, for which a dead process' claims last. */
const DRAIN = 120_000;

/** Exit code of a killed process: 128 and the signal's number, or what Windows makes of it. */
const KILLED = Deno.build.os === "windows" ? 1 : 137;

const USAGE = "usage: deno task proof crash [--kills N] [--rate HAPPENINGS_PER_SECOND] [--seed N]";

interface Settings {
  readonly kills: number;
  readonly rate: number;
  readonly seed: number;
}

async function crash({ kills, rate, seed }: Settings): Promise<number> {
  console.log(`seed          ${seed}`);
  const folder = await Deno.makeTempDir({ prefix: "crash-" });
  const logs = { sender: `${folder}/sender.jsonl`, standIn: `${folder}/stand_in.jsonl` };
  const random = new Random(seed);
  const record = new RecordFile<SenderRecord>(logs.sender);
  await using standIn = await startStandIn(logs.standIn, seed);
  const service = new KilledService(`${folder}/outbox.db`, standIn.url, record);
  service.start();
  const sender = new Sender({
    url: () => service.url,
    secret: SECRET,
    log: record,
    random: new Random(seed + 1),
    rate,
  });
  try {
    for (let i = 0; i < kills; i++) {
      await sleep(random.between(...LIFE));
      await service.kill();
      await sleep(random.between(...DEAD));
      service.start();
    }
    await within(
      DRAIN,
      Promise.race([sender.finish(), service.failed()]),
      "every webhook to be acknowledged",
    );
    await within(DRAIN, Promise.race([service.drained(), service.failed()]), "the outbox to be empty");
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nThe logs are in ${folder}`);
    return 1;
  } finally {
    await service.end();
  }
  const code = await judged(logs);
  if (code === 0) await Deno.remove(folder, { recursive: true });
  else console.error(`The logs and the outbox are in ${folder}`);
  return code;
}

/** The service, again and again on the same file. */
class KilledService {
  /** Where the one that runs listens, or the last one did. */
  url = "http://127.0.0.1:1/";
  readonly #settings;
  readonly #record: RecordFile<SenderRecord>;
  #running: StartedService | undefined;

  constructor(outbox: string, apiUrl: string, record: RecordFile<SenderRecord>) {
    this.#settings = {
      EVENTS_TRACKED: "Workspace Created",
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: apiUrl,
      GETDX_RATE_LIMIT: "0",
      OUTBOX: outbox,
      WEBHOOK_SECRET: SECRET,
    };
    this.#record = record;
  }

  /** Starts it, and does not wait until it listens. */
  start(): void {
    const started = spawnService(this.#settings);
    this.#record.write({ kind: "start", at: Date.now() });
    started.listening.then((url) => this.url = url, () => {});
    this.#running = started;
  }

  /** @throws {Error} when it had ended by itself */
  async kill(): Promise<void> {
    const { ended, errors, kill } = this.#running!;
    this.#record.write({ kind: "kill", at: Date.now() });
    kill("SIGKILL");
    const code = await ended;
    if (code !== KILLED) {
      throw new Error(`the service had ended by itself, with code ${code}:\n${await errors}`);
    }
  }

  /** Rejects when it ends by itself. */
  async failed(): Promise<never> {
    const { ended, errors } = this.#running!;
    throw new Error(`the service ended by itself, with code ${await ended}:\n${await errors}`);
  }

  /** Resolves when nothing is pending, and it says so itself. */
  async drained(): Promise<void> {
    await this.#running!.listening;
    const headers = { authorization: `Bearer ${SECRET}` };
    for (;;) {
      const { outbox: { pending, dead } } = await (await fetch(this.url, { headers })).json();
      if (dead > 0) throw new Error(`${dead} events are dead letters, although the stand-in gives no cause`);
      if (pending === 0) return;
      await sleep(200);
    }
  }

  /** Ends it in order. */
  async end(): Promise<void> {
    this.#running?.kill("SIGTERM");
    await this.#running?.ended;
  }
}

async function startStandIn(log: string, seed: number): Promise<AsyncDisposable & { readonly url: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-write=${log}`,
      fileOf("stand_in.ts"),
      log,
      String(seed),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const end = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.status, reader.cancel()]);
  };
  if (!value.startsWith("http")) {
    await end();
    throw new Error("the stand-in does not start");
  }
  return { url: value.trim(), [Symbol.asyncDispose]: end };
}

/** A process of its own, which may read the two logs and do nothing else. */
async function judged(
  { sender, standIn }: { readonly sender: string; readonly standIn: string },
): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-read=${sender},${standIn}`, fileOf("judge.ts"), sender, standIn],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return code;
}

function fileOf(name: string): string {
  return new URL(name, import.meta.url).href;
}

/** Undefined: the arguments make no sense. */
function settingsFrom(args: string[]): Settings | undefined {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({ args, options: { kills: text, rate: text, seed: text } });
    const { kills = "30", rate = "40", seed = String(Date.now() % 1_000_000) } = values;
    if ([kills, rate, seed].some((value) => !/^\d{1,9}$/.test(value)) || rate === "0") return undefined;
    return { kills: Number(kills), rate: Number(rate), seed: Number(seed) };
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const settings = settingsFrom(Deno.args);
  if (settings === undefined) console.error(USAGE);
  Deno.exit(settings === undefined ? 2 : await crash(settings));
}
