/** One start of a program: the time to its first answer, its first webhooks, its memory at rest. */
import { eventually } from "../../../tests/support/eventually.ts";
import { Child, freePort } from "../../../tests/support/process.ts";
import { usageOf } from "../load/usage.ts";
import { bodyOf, SECRET, serialOf } from "../load/webhooks.ts";

/** One start. Milliseconds and megabytes. */
export interface Start {
  /** From its creation until an answer to `GET /` was read. */
  readonly firstAnswer: number;
  /** How much longer the first webhook takes than the second, right after that. */
  readonly firstWebhook: number;
  /** Resident when another start, without webhooks, has come to rest. */
  readonly memory: number;
}

/** A program, and how it learns its port. */
export interface Candidate {
  readonly name: string;
  /** Of whom its numbers are so many times. */
  readonly base: string;
  readonly start: (port: string) => {
    readonly program: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
}

/** Milliseconds after the first answer, in which a program finishes what it does at its start. */
const REST = 1_000;

const GET = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");

let webhooks = Date.now() % 16_000_000;

/** Starts it twice: once to send webhooks, once to let it rest. */
export async function startOnce(candidate: Candidate, folder: string): Promise<Start> {
  const busy = await started(candidate, folder, async (_, port) => await post(port) - await post(port));
  const idle = await started(candidate, folder, async (pid) => {
    await new Promise((resolve) => setTimeout(resolve, REST));
    return (await usageOf(pid)).memory;
  });
  return { firstAnswer: busy.firstAnswer, firstWebhook: busy.seen, memory: idle.seen };
}

/** @throws {Error} when it never answers */
async function started(
  { name, start }: Candidate,
  folder: string,
  look: (pid: number, port: number) => Promise<number>,
): Promise<{ readonly firstAnswer: number; readonly seen: number }> {
  const port = freePort();
  const { environment, program } = start(String(port));
  const begun = performance.now();
  await using child = new Child(program, { cwd: folder, environment, stdout: "null", stderr: "null" });
  // Often enough to be exact, and seldom enough to leave the start its core.
  await eventually(() => answers(port), `${name} to answer`, { every: 1 });
  const firstAnswer = performance.now() - begun;
  return { firstAnswer, seen: await look(child.pid, port) };
}

async function answers(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(GET);
    return await connection.read(new Uint8Array(1024)) !== null;
  } catch {
    return false;
  }
}

/** Milliseconds until a webhook is answered. */
async function post(port: number): Promise<number> {
  const headers = { authorization: `Basic ${btoa(`coder:${SECRET}`)}`, "content-type": "application/json" };
  const body = bodyOf(serialOf(1, 0, webhooks++));
  const begun = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`a webhook was answered ${answer.status}`);
  return performance.now() - begun;
}
