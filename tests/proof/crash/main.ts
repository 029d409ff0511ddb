/**
 * Kills the service under load, again and again, and has a judge compare what it had answered with what arrived.
 *
 * `deno task proof crash [--postgres] [--kills N] [--rate HAPPENINGS_PER_SECOND] [--seed N]`. With `--postgres` the outbox
 * is in a PostgreSQL of the run's own, which crashes at every third kill of the service. Exit codes: 0 nothing was lost and every
 * second event is explained, 1 not so, or the run did not come to its end; 2 usage.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { eventually, within } from "../../support/eventually.ts";
import { STAND_IN_KEY, startPlatformX } from "../../support/platformx.ts";
import { type Program, spawnProgram } from "../../support/service.ts";
import { PostgresServer } from "../../postgres/server.ts";
import { failing } from "./fates.ts";
import { judge, tell } from "./judge.ts";
import { Random } from "./random.ts";
import { type SenderRecord, takenBy } from "./records.ts";
import { Sender } from "./sender.ts";

const SECRET = "crash-test";

/** Milliseconds that a service lives before it is killed: from its start, so that starting is cut too. */
const LIFE = [300, 4_500] as const;

/** Milliseconds until the next start. What the dead process had sent is read by then. */
const DEAD = [100, 400] as const;

/** Exit code of a killed process: 128 and the signal's number, or what Windows makes of it. */
const KILLED = Deno.build.os === "windows" ? 1 : 137;

const USAGE =
  "usage: deno task proof crash [--postgres] [--kills N] [--rate HAPPENINGS_PER_SECOND] [--seed N]";

/** Kills of the service for each crash of its database server. */
const KILLS_PER_CRASH = 3;

interface Settings {
  readonly postgres: boolean;
  readonly kills: number;
  readonly rate: number;
  readonly seed: number;
}

async function crash({ kills, postgres, rate, seed }: Settings): Promise<number> {
  console.log(`seed          ${seed}`);
  const folder = await Deno.makeTempDir({ prefix: "crash-" });
  const random = new Random(seed);
  const records: SenderRecord[] = [];
  await using platformX = await startPlatformX({ requestsPerMinute: Infinity });
  platformX.misbehave(failing(new Random(seed)), Infinity);
  // What it has committed must be on the disk: the suite's own servers need not care.
  await using server = postgres ? await PostgresServer.start({ fsync: "on" }) : undefined;
  const outbox = server === undefined ? "outbox.db" : `postgres://owner@127.0.0.1:${server.port}/postgres`;
  const service = new KilledService(folder, { apiUrl: platformX.url, outbox }, records);
  await service.start();
  const url = () => service.url;
  const sender = new Sender({ url, secret: SECRET, records, random: new Random(seed + 1), rate });
  try {
    for (let i = 0; i < kills; i++) {
      await sleep(random.between(...LIFE));
      if (server !== undefined && i % KILLS_PER_CRASH === 0) {
        // The service goes on meanwhile, and is killed while it finds its way back.
        records.push({ kind: "crash", at: Date.now() });
        await server.end("immediate");
        await sleep(random.between(...DEAD));
        await server.begin();
        await sleep(random.between(...DEAD));
      }
      await service.kill();
      await sleep(random.between(...DEAD));
      await service.start();
    }
    const acknowledged = within(sender.finish(), "every webhook to be acknowledged");
    await Promise.race([acknowledged, service.failed()]);
    await Promise.race([service.drained(), service.failed()]);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nThe outbox is ${outbox}, in ${folder}`);
    return 1;
  } finally {
    await service.end();
  }
  const taken = takenBy(platformX);
  const code = tell(judge(records, taken), console.log);
  if (code === 0) {
    await Deno.remove(folder, { recursive: true });
  } else {
    await Deno.writeTextFile(`${folder}/records.json`, JSON.stringify({ records, taken }, null, 1));
    console.error(`What was sent and taken, and the outbox, are in ${folder}`);
  }
  return code;
}

/** The service, again and again on the same file. */
class KilledService {
  /** Where the one that runs listens, or the last one did. */
  url = "http://127.0.0.1:1/";
  readonly #directory: string;
  readonly #environment;
  readonly #records: SenderRecord[];
  #running: Program | undefined;

  constructor(
    directory: string,
    { apiUrl, outbox }: { readonly apiUrl: string; readonly outbox: string },
    records: SenderRecord[],
  ) {
    this.#directory = directory;
    this.#environment = {
      EVENTS_TRACKED: "Workspace Created",
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: apiUrl,
      GETDX_RATE_LIMIT: "0",
      LOG_FORMAT: "json",
      OUTBOX: outbox,
      WEBHOOK_SECRET: SECRET,
    };
    this.#records = records;
  }

  /** Starts it, and does not wait until it listens. */
  async start(): Promise<void> {
    const program = await spawnProgram({ directory: this.#directory, environment: this.#environment });
    this.#records.push({ kind: "start", at: Date.now() });
    // One that is killed while it starts never listens.
    program.listening().then(() => this.url = program.url, () => {});
    this.#running = program;
  }

  /** @throws {Error} when it had ended by itself */
  async kill(): Promise<void> {
    const { child } = this.#running!;
    this.#records.push({ kind: "kill", at: Date.now() });
    child.signal("SIGKILL");
    const { code } = await child.ended();
    if (code !== KILLED) {
      throw new Error(`the service had ended by itself, with code ${code}:\n${child.stderr}`);
    }
  }

  /** Rejects when it ends by itself. */
  async failed(): Promise<never> {
    const { child } = this.#running!;
    await child.over;
    throw new Error(`the service ended by itself:\n${child.stderr}`);
  }

  /** Resolves when nothing is pending, and it says so itself. */
  async drained(): Promise<void> {
    const program = this.#running!;
    await program.listening();
    const outbox = async () => (await program.health({ authorization: `Bearer ${SECRET}` })).outbox;
    const { dead } = await eventually(outbox, "an empty outbox", {
      until: ({ pending, dead }) => pending === 0 || dead > 0,
      every: 200,
    });
    if (dead > 0) throw new Error(`${dead} events are dead letters, although the stand-in gives no cause`);
  }

  /** Ends it in order. */
  async end(): Promise<void> {
    await this.#running?.stop();
  }
}

/** Undefined: the arguments make no sense. */
function settingsFrom(args: string[]): Settings | undefined {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { postgres: { type: "boolean" }, kills: text, rate: text, seed: text },
    });
    const { postgres = false, kills = "30", rate = "40", seed = String(Date.now() % 1_000_000) } = values;
    if ([kills, rate, seed].some((value) => !/^\d{1,9}$/.test(value)) || rate === "0") return undefined;
    return { postgres, kills: Number(kills), rate: Number(rate), seed: Number(seed) };
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const settings = settingsFrom(Deno.args);
  if (settings === undefined) console.error(USAGE);
  Deno.exit(settings === undefined ? 2 : await crash(settings));
}
