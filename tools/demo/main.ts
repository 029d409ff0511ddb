/**
 * The demo: Coder's notifications on their way through the service to a stand-in of PlatformX, on this machine only.
 *
 * `deno task demo` ends by itself; with `--serve` it goes on until Ctrl-C, to be looked at and tried by hand; with
 * `--outage` it plays an outage of PlatformX, and a kill, with an outbox.
 * Exit codes: 0 done, or nobody reads on; 1 answers and record disagree or the service failed, 2 usage, 130 interrupted.
 */
import { eventually } from "../../tests/support/eventually.ts";
import { fileOf } from "../../tests/support/files.ts";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../../tests/support/platformx.ts";
import type { ReceivedEvent } from "../../tests/support/platformx_rules.ts";
import { openFolder } from "../../tests/support/process.ts";
import { type Program, startProgram } from "../../tests/support/service.ts";
import { compare } from "./check.ts";
import { startCoder } from "../../tests/support/coder.ts";
import { endpointOf, post } from "./coder.ts";
import { openOutput } from "./output.ts";
import { howToTry, indented, INTRO, nextAfter, OUTAGE_INTRO, report } from "./show.ts";
import { type Exchange, PEOPLE, tell, tellStored, TRACKED } from "./story.ts";

/** Where a reader types it; the other one holds what an address must encode and what is more than one byte. */
const PLAIN_SECRET = "open-sesame";
const SECRET = "sésame/open@demo";

/** The service's usual port, taken where somebody is to open its page. */
const USUAL_PORT = 8080;

/** Milliseconds within which everything has been shown, unless something hangs. */
const LIMIT = 150_000;

/** Milliseconds that the service gets to end by itself. */
const PATIENCE = 5_000;

/** Aborted by Ctrl-C, and when nobody reads on. */
const ending = new AbortController();
let isUnread = false;

/** Not a command's own terminal, which would escape the colours. */
const terminal = {
  out: openOutput(() => {
    isUnread = true;
    ending.abort();
  }),
  err: (text: string) => console.error(text),
};

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** What the demo was asked for. */
interface Wanted {
  /** The service goes on after the story. */
  readonly serve: boolean;
  readonly outage: boolean;
}

async function demo({ serve, outage }: Wanted): Promise<number> {
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(LIMIT)]);
  terminal.out(`${outage ? OUTAGE_INTRO : INTRO}\n`);
  let announce = (_event: ReceivedEvent) => {};
  await using platformX = await startPlatformX({ onEvent: (event) => announce(event) });
  await using folder = outage ? await openFolder() : undefined;
  const secret = serve ? PLAIN_SECRET : SECRET;
  await using stage = new Stage(platformX, secret, { serve, folder: folder?.path });
  const exchanges = await stage.play(signal);
  if (!serve) await stage.stop(); // an event that comes late is then in the record too

  const code = report(compare(exchanges, platformX.events), platformX.events, terminal);
  if (code !== 0) return code;
  if (!serve) {
    terminal.out(nextAfter({ outage }));
    return 0;
  }
  const { url } = stage.program;
  const endpoint = endpointOf(url, secret);
  const isUsual = new URL(url).port === String(USUAL_PORT);
  terminal.out(howToTry({ url, endpoint, secret, instead: isUsual ? undefined : USUAL_PORT }));
  announce = (event) => terminal.out(indented(event));
  const ended = await untilEnd(stage.program);
  await stage.stop();
  return ended;
}

/** The service on stage, and whoever plays with it. */
class Stage implements AsyncDisposable {
  readonly #platformX: StandIn;
  readonly #secret: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder: string | undefined;
  /** Asked for the person where a webhook holds no address. */
  readonly #coder = startCoder({ users: PEOPLE });
  #program: Program | undefined;

  constructor(
    platformX: StandIn,
    secret: string,
    { folder, serve }: { readonly folder: string | undefined; readonly serve: boolean },
  ) {
    this.#platformX = platformX;
    this.#secret = secret;
    this.#folder = folder;
    this.#environment = {
      EVENTS_TRACKED: TRACKED.join(", "),
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: platformX.url,
      WEBHOOK_SECRET: secret,
      CODER_URL: this.#coder.url,
      CODER_SESSION_TOKEN: this.#coder.state.token.value,
      LOG_FORMAT: "json",
      ...(serve && isFree(USUAL_PORT) ? { PORT: String(USUAL_PORT) } : {}),
      ...(folder === undefined ? {} : { OUTBOX: `${folder}/outbox.db` }),
    };
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error("the service has not been started");
    return this.#program;
  }

  /** Starts the service and tells the story. */
  async play(signal: AbortSignal): Promise<readonly Exchange[]> {
    await this.#start();
    const platformX = this.#platformX;
    const said = {
      post: (webhook: Parameters<typeof post>[1]) =>
        post(endpointOf(this.program.url, this.#secret), webhook, signal),
      platformX,
    };
    if (this.#folder === undefined) return await tell({ ...said, sleep: (ms) => sleep(ms, signal) });
    return await tellStored({
      ...said,
      restart: async () => {
        await this.program.stop({ signal: "SIGKILL" });
        await this.#start();
      },
      arrived: async (count) => {
        const seen = () => `${platformX.events.length} events`;
        await eventually(() => signal.aborted || platformX.events.length >= count, `${count} events`, {
          seen,
        });
        signal.throwIfAborted();
      },
    });
  }

  async stop(): Promise<void> {
    await this.program.stop({ patience: PATIENCE });
  }

  async #start(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#program = await startProgram({
      directory: this.#folder ?? fileOf("tests/fixtures/coder"), // in which there is no `.env`
      environment: this.#environment,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    await this.#coder[Symbol.asyncDispose]();
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** Waits for Ctrl-C, or for the reader to go. */
async function untilEnd(service: Program): Promise<number> {
  const stopped = new Promise<undefined>((resolve) => {
    if (ending.signal.aborted) resolve(undefined);
    ending.signal.addEventListener("abort", () => resolve(undefined));
  });
  const code = await Promise.race([stopped, service.child.over]);
  // Ctrl-C reaches the service too, and can end it first.
  if (code === undefined || code === 0) return 0;
  throw new Error(`the service ended with code ${code}`);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const slept = Promise.withResolvers<void>();
  const timer = setTimeout(slept.resolve, ms);
  signal.addEventListener("abort", () => slept.reject(signal.reason), { once: true });
  await slept.promise.finally(() => clearTimeout(timer));
}

async function run(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== "--serve" && arg !== "--outage")) {
    terminal.err("usage: deno task demo [--serve] [--outage]");
    return 2;
  }
  Deno.env.set("NO_PROXY", "127.0.0.1"); // a company's proxy knows nothing of this machine's own ports
  for (const name of SIGNALS) Deno.addSignalListener(name, () => ending.abort());
  try {
    return await demo({ serve: args.includes("--serve"), outage: args.includes("--outage") });
  } catch (error) {
    if (ending.signal.aborted) return isUnread ? 0 : 130;
    terminal.err(`The demo failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args));
