/** One start of an executable: the time to its first answer, and its memory at rest. */
import { eventually } from "../../../tests/support/eventually.ts";
import { Child, freePort } from "../../../tests/support/process.ts";
import { usageOf } from "../load/watch.ts";

/** One start. */
export interface Start {
  /** Milliseconds from its creation until an answer to `GET /` was read. */
  readonly firstAnswer: number;
  /** Megabytes resident when it has come to rest. */
  readonly memory: number;
}

/** An executable, and how it learns its port. */
export interface Candidate {
  readonly name: string;
  readonly program: string;
  readonly args: (port: number) => readonly string[];
  readonly environment: (port: number) => Readonly<Record<string, string>>;
}

/** Milliseconds after the first answer, in which a program finishes what it does at its start. */
const REST = 500;

const GET = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");

/**
 * Starts it, asks until it answers, and ends it.
 *
 * @throws {Error} when it never answers
 */
export async function startOnce(
  { name, program, args, environment }: Candidate,
  folder: string,
): Promise<Start> {
  const port = freePort();
  const begun = performance.now();
  const options = { cwd: folder, environment: environment(port), stdout: "null", stderr: "null" } as const;
  await using child = new Child([program, ...args(port)], options);
  // Often enough to be exact, and seldom enough to leave the start its core.
  await eventually(() => answers(port), `${name} to answer`, { every: 1 });
  const firstAnswer = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, REST));
  return { firstAnswer, memory: (await usageOf(child.pid)).memory };
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
