/** The real program as a process of its own: its memory, its descriptors, and limits from outside. Needs Linux. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { until, within } from "../../support/program.ts";
import { PERMISSIONS } from "../../../tools/permissions.ts";
import { AUTHORIZATION, SECRET, webhookOf } from "./clients.ts";

/** A running service. */
export interface HostileService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Its log so far. */
  readonly log: string;
  /** Kilobytes of memory: at most so far, and now. */
  memory(): Promise<{ readonly most: number; readonly now: number }>;
  descriptors(): Promise<number>;
  /** Posts a webhook about a happening of its own. Status, or status and reason. */
  tell(): Promise<string>;
  /** Waits until it ends by itself: its exit code. */
  ended(): Promise<number>;
}

/** `deno run` as `deno task start` does it. */
export const BY_DENO: readonly string[] = [
  ...[Deno.execPath(), "run", "--quiet", "--cached-only", "--config", fileOf("../../deno.json")],
  ...[...PERMISSIONS, fileOf("../../main.ts")],
];

/** Starts a service that listens at a free port of 127.0.0.1. */
export async function startService(
  environment: Readonly<Record<string, string>>,
  commandLine: readonly string[] = BY_DENO,
): Promise<HostileService> {
  const directory = await Deno.makeTempDir();
  const [program = "", ...args] = commandLine;
  const kept = ["PATH", "DENO_DIR", "HOME", "XDG_CACHE_HOME"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const child = new Deno.Command(program, {
    args,
    cwd: directory,
    clearEnv: true,
    env: {
      ...Object.fromEntries(kept),
      ...{ HOST: "127.0.0.1", PORT: "0", WEBHOOK_SECRET: SECRET, LOG_FORMAT: "json", LOG_LEVEL: "DEBUG" },
      ...environment,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  };
  const closed = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const all = Promise.all([child.status, closed]);
  const dispose = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await all;
    await Deno.remove(directory, { recursive: true });
  };
  const listening = /"url":"http:\/\/127\.0\.0\.1:(\d+)\/"/;
  let isClosed = false;
  void closed.then(() => isClosed = true);
  try {
    await until(() => listening.test(log) || isClosed, "the service to listen", () => log);
    assert.match(log, listening);
  } catch (error) {
    await dispose();
    throw error;
  }
  const port = Number(listening.exec(log)![1]);
  const url = `http://127.0.0.1:${port}/`;
  let number = 0;
  return {
    url,
    port,
    get log() {
      return log;
    },
    memory: async () => {
      const status = await output("cat", `/proc/${child.pid}/status`);
      const kilobytes = (name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
      return { most: kilobytes("VmHWM"), now: kilobytes("VmRSS") };
    },
    descriptors: async () => (await output("ls", `/proc/${child.pid}/fd`)).trim().split("\n").length,
    tell: async () => {
      const headers = { "content-type": "application/json", authorization: AUTHORIZATION };
      const body = webhookOf(`m-${++number}`);
      const answer = await within(fetch(url, { method: "POST", headers, body }), "an answer", () => log);
      const { status, reason } = await answer.json();
      return [status, reason].join(" ").trim();
    },
    ended: async () => (await within(all, "the end", () => log))[0].code,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Runs a program of the system, and returns what it writes. */
export async function output(program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" })
    .output();
  assert.ok(success, `${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
