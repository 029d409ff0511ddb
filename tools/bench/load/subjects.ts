/** Who is measured: the bare minimum, and the service in its modes. */
import { Child, freePort, untilListening } from "../../../tests/support/process.ts";
import { fileOf } from "../../../tests/support/files.ts";
import { executable, runBy } from "../../../tests/support/program.ts";
import { type Program, startProgram } from "../../../tests/support/service.ts";
import { PERMISSIONS } from "../../permissions.ts";
import { SECRET } from "./webhooks.ts";

/** Modes of the service, and the bare minimum beside it. */
export const SUBJECTS = ["bare", "direct WARNING", "direct INFO", "outbox WARNING", "outbox INFO"] as const;

/** One of {@link SUBJECTS}. */
export type SubjectName = typeof SUBJECTS[number];

/** Where and how to start. */
export interface Setting {
  /** Folder for log and outbox, on a disk. */
  readonly folder: string;
  /** Of PlatformX's stand-in. */
  readonly platformX: string;
  /** `DEDUP_WINDOW` of direct delivery, which remembers in memory. */
  readonly window: string;
  /** Folder for a profile of the service's processor time; only with `deno run`. */
  readonly profile?: string | undefined;
}

/** The Deno that runs the bare minimum, and the service unless `EXECUTABLE` names its executable. */
const DENO = Deno.env.get("DENO") ?? Deno.execPath();
const EXECUTABLE = Deno.env.get("EXECUTABLE");

/** The program that is measured, for the head of results. */
export function describeService(): string {
  return EXECUTABLE === undefined ? "`deno run main.ts`" : `the executable ${EXECUTABLE}`;
}

/** A compiled program does not raise its limit of descriptors, as `deno run` does. */
export function withDescriptors(commandLine: readonly string[]): readonly string[] {
  return ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...commandLine];
}

/** Starts PlatformX's stand-in as a process of its own. */
export async function startStandIn(): Promise<AsyncDisposable & { readonly url: string }> {
  const port = freePort();
  const script = [fileOf("tools/bench/load/stand_in.ts"), String(port)];
  const child = new Child(runBy(Deno.execPath(), "--no-prompt", "--allow-net", "--allow-read", ...script));
  await untilListening(port, "the stand-in", child);
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** Starts one subject, with an outbox of its own and nothing remembered. */
export async function startSubject(
  name: SubjectName,
  { folder, platformX, window, profile }: Setting,
): Promise<Program> {
  const PORT = String(freePort());
  const url = `${platformX}events.track`;
  const log = { file: `${folder}/subject.log` };
  const usual = { directory: folder, wrap: withDescriptors, stdout: log, stderr: log };
  if (name === "bare") {
    const program = runBy(DENO, "--no-prompt", "--allow-net", fileOf("tools/bench/load/bare.ts"), PORT, url);
    return await startProgram({ ...usual, program, environment: { PORT } });
  }
  const [mode, level] = name.split(" ") as ["direct" | "outbox", string];
  const environment = {
    PORT,
    GETDX_API_KEY: "bench-key",
    GETDX_API_URL: url,
    GETDX_RATE_LIMIT: "0",
    WEBHOOK_SECRET: SECRET,
    LOG_LEVEL: level,
    LOG_FORMAT: "json",
    ...(mode === "outbox" ? { OUTBOX: freshOutbox(folder) } : { DEDUP_WINDOW: window }),
  };
  const profiling = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-md", `--cpu-prof-dir=${profile}`];
  const program = EXECUTABLE ? [executable()] : runBy(DENO, ...profiling, ...PERMISSIONS, fileOf("main.ts"));
  return await startProgram({ ...usual, program, environment });
}

function freshOutbox(folder: string): string {
  const outbox = `${folder}/outbox.db`;
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.removeSync(outbox + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return outbox;
}
