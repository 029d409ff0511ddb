/** The service under test: a process of its own, started like in production, and what it says of itself. */
import * as z from "zod";
import { withDescriptors } from "../../../tools/bench/load/subjects.ts";
import { STAND_IN_KEY } from "../../support/platformx.ts";
import { freePort } from "../../support/process.ts";
import { fromSources, programOfEnvironment } from "../../support/program.ts";
import { type Program, runProgram, startProgram } from "../../support/service.ts";
import { SECRET } from "./strays.ts";

/** Modes that are tried. */
export const MODES = ["direct", "outbox"] as const;

/** One of {@link MODES}. */
export type Mode = typeof MODES[number];

/** What is needed to start it. */
export interface Setting {
  readonly mode: Mode;
  /** `DEDUP_WINDOW` */
  readonly window: string;
  /** For log and outbox. */
  readonly folder: string;
  /** PlatformX's stand-in. */
  readonly apiUrl: string;
}

/** A running service. */
export interface Service {
  readonly program: Program;
  /** Port of the inspector; undefined: a compiled program has none. */
  readonly inspector: number | undefined;
}

/** Starts it; it listens when this has settled. */
export async function startService({ mode, window, folder, apiUrl }: Setting): Promise<Service> {
  const inspector = Deno.env.get("EXECUTABLE") ? undefined : freePort();
  const log = { file: logIn(folder) };
  const program = await startProgram({
    program: inspector === undefined
      ? programOfEnvironment()
      : fromSources(`--inspect=127.0.0.1:${inspector}`),
    directory: folder,
    wrap: withDescriptors,
    stdout: log,
    stderr: log,
    environment: {
      DEDUP_WINDOW: window,
      DELIVERY_DEADLINE: "2s",
      EVENTS_TRACKED: "Workspace Created",
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: apiUrl,
      GETDX_RATE_LIMIT: "6000",
      LOG_FORMAT: "json",
      WEBHOOK_SECRET: SECRET,
      ...(mode === "outbox" ? { OUTBOX: outboxIn(folder) } : {}),
    },
  });
  return { program, inspector };
}

function logIn(folder: string): string {
  return `${folder}/service.log`;
}

function outboxIn(folder: string): string {
  return `${folder}/outbox.db`;
}

const health = z.object({ outbox: z.object({ pending: z.number() }).optional() });

/** Events that wait in the outbox; 0 without one. */
export async function pendingAt(url: string): Promise<number> {
  using client = Deno.createHttpClient({});
  const headers = { authorization: `Bearer ${SECRET}` };
  const answer = await fetch(url, { client, headers, signal: AbortSignal.timeout(10_000) });
  return health.parse(await answer.json()).outbox?.pending ?? 0;
}

const letters = z.array(z.object({ state: z.string(), coder_message_id: z.string() }));

/** Message ids of the dead letters, when the service has ended. */
export async function deadLettersIn(folder: string): Promise<readonly string[]> {
  const environment = { OUTBOX: outboxIn(folder) };
  const { stdout } = await runProgram(["outbox", "list", "--dead", "--json"], {
    environment,
    directory: folder,
  });
  return letters.parse(JSON.parse(stdout)).map((letter) => letter.coder_message_id);
}

/** Lines of the log that tell of a fault of the service itself, or that it has not written. */
export async function faultsIn(folder: string): Promise<readonly string[]> {
  const lines = (await Deno.readTextFile(logIn(folder))).split("\n").filter((line) => line !== "");
  return lines.filter((line) => !OF_INSPECTOR.test(line) && (!line.startsWith("{") || FAULT.test(line)));
}

const FAULT = /"event":"(?:internal_error|listener_lost|outbox_unusable)"/;
/** What `deno run --inspect` says. */
const OF_INSPECTOR = /^(?:Debugger |Visit chrome:\/\/inspect|Waiting for the debugger)/;
