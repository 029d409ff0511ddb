/** Who is measured: the bare minimum, and the service in its modes. */
import { fileURLToPath } from "node:url";
// Imported for its packages only: this process fetches them where that was never done.
import "../../../lib/cli/serve.ts";
import { PERMISSIONS } from "../../permissions.ts";
import { freePort, launch, type Subject } from "./process.ts";
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

/** A file of this folder. */
function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Starts PlatformX's stand-in. */
export async function startStandIn(folder: string): Promise<Subject> {
  const port = freePort();
  const args = ["run", "--no-prompt", "--allow-net", path("stand_in.ts"), String(port)];
  return await launch({ program: Deno.execPath(), args, port, folder, log: `${folder}/stand_in.log` });
}

/** Starts one subject, with an outbox of its own and nothing remembered. */
export async function startSubject(
  name: SubjectName,
  { folder, platformX, window, profile }: Setting,
): Promise<Subject> {
  const port = freePort();
  const url = `${platformX}events.track`;
  const common = { port, folder, log: `${folder}/subject.log` };
  if (name === "bare") {
    const args = ["run", "--no-prompt", "--allow-net", path("bare.ts"), String(port), url];
    return await launch({ ...common, program: DENO, args });
  }
  const [mode, level] = name.split(" ") as ["direct" | "outbox", string];
  const environment = {
    HOST: "127.0.0.1",
    PORT: String(port),
    GETDX_API_KEY: "bench-key",
    GETDX_API_URL: url,
    GETDX_RATE_LIMIT: "0",
    WEBHOOK_SECRET: SECRET,
    LOG_LEVEL: level,
    LOG_FORMAT: "json",
    ...(mode === "outbox" ? { OUTBOX: freshOutbox(folder) } : { DEDUP_WINDOW: window }),
  };
  const profiling = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-md", `--cpu-prof-dir=${profile}`];
  return EXECUTABLE === undefined
    ? await launch({
      ...common,
      environment,
      program: DENO,
      args: ["run", ...profiling, ...PERMISSIONS, path("../../main.ts")],
    })
    : await launch({ ...common, environment, program: Deno.realPathSync(EXECUTABLE), args: [] });
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
