/** Who is measured: the service in its modes, and what it is held against. */
import { fileOf } from "../../../tests/support/files.ts";
import { Child, freePort, untilListening } from "../../../tests/support/process.ts";
import { type Program, startProgram } from "../../../tests/support/service.ts";
import { type Build, byDeno } from "../builds.ts";
import { SECRET } from "./webhooks.ts";

/** Something that answers webhooks. */
export interface Subject {
  readonly name: string;
  /** Where the service's build is none: a bare minimum. */
  readonly build: Build | undefined;
  readonly tracks: boolean;
  /** A database for the outbox; `file`: SQLite; undefined: there is no outbox. */
  readonly outbox: string | undefined;
  /** Of a bare forward: its requests have streams as bodies. */
  readonly streams?: boolean;
}

/** Where to start. */
export interface Setting {
  /** Folder for log and outbox, on a disk. */
  readonly folder: string;
  /** Of PlatformX's stand-in. */
  readonly platformX: string;
  /** `DEDUP_WINDOW` of direct delivery, which remembers in memory. */
  readonly window: string;
}

/** The names of what the service is held against. */
export const ECHO = "echo";
export const BARE = "bare forward";
/** What it costs that no request is sent twice. */
export const STREAM = "bare stream";

/** All subjects; the first build's direct delivery twice, which shows what a difference is worth. */
export function subjectsOf(builds: readonly Build[], postgres: string | undefined): readonly Subject[] {
  const [own] = builds;
  const bare = (name: string, tracks: boolean) => ({ name, build: undefined, tracks, outbox: undefined });
  const service = (name: string, build: Build, outbox?: string, tracks = true) => ({
    name: name + build.label,
    ...{ build, outbox, tracks },
  });
  return [
    bare(ECHO, false),
    bare(BARE, true),
    { ...bare(STREAM, true), streams: true },
    ...builds.flatMap((build) => [service("direct", build), service("outbox", build, "file")]),
    ...builds.filter(({ label }) => label === "" || label.startsWith(" @"))
      .map((build) => service("untracked", build, undefined, false)),
    ...postgres === undefined || own === undefined ? [] : [service("outbox PostgreSQL", own, postgres)],
    ...own === undefined ? [] : [service("direct again", own)],
  ];
}

/** Starts PlatformX's stand-in as a process of its own. */
export async function startStandIn(): Promise<AsyncDisposable & { readonly url: string }> {
  const port = freePort();
  const child = new Child(byDeno(fileOf("tools/bench/load/stand_in.ts"), String(port)));
  await untilListening(port, "the stand-in", child);
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** Starts one subject, with an outbox of its own and nothing remembered. */
export async function startSubject(subject: Subject, setting: Setting): Promise<Program> {
  const { folder } = setting;
  const log = { file: `${folder}/subject.log` };
  const usual = { directory: folder, wrap: withDescriptors, stdout: log, stderr: log };
  const PORT = String(freePort());
  return await startProgram({ ...usual, ...commandOf(subject, PORT, setting) });
}

/** How a subject is started, and with which environment. */
export function commandOf({ build, outbox, streams, tracks }: Subject, PORT: string, setting: Setting) {
  const { folder, platformX, window } = setting;
  const url = `${platformX}events.track`;
  const home = { HOME: Deno.env.get("HOME") ?? folder };
  if (build === undefined) {
    const args = [...tracks ? [SECRET, url] : [], ...streams ? ["stream"] : []];
    const program = byDeno(fileOf("tools/bench/load/bare.ts"), PORT, ...args);
    return { program, environment: { PORT, ...home } };
  }
  const environment = {
    ...home,
    HOST: "127.0.0.1",
    PORT,
    EVENTS_TRACKED: tracks ? "Workspace Created" : "Workspace Deleted",
    GETDX_API_KEY: "bench-key",
    GETDX_API_URL: url,
    GETDX_RATE_LIMIT: "0",
    WEBHOOK_SECRET: SECRET,
    LOG_LEVEL: "INFO",
    LOG_FORMAT: "json",
    ...(outbox === undefined
      ? { DEDUP_WINDOW: window }
      : { OUTBOX: outbox === "file" ? freshOutbox(folder) : outbox }),
  };
  return { program: build.commandLine, environment };
}

/** A compiled program does not raise its limit of descriptors, as `deno run` does. */
export function withDescriptors(commandLine: readonly string[]): readonly string[] {
  return ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...commandLine];
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
