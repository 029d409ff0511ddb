/** A program in the place of the service, that tells what the service finds around it. */
import { succeed } from "../support/process.ts";
import { compiler } from "./bases.ts";
import { containerOf, type ContainerOptions, type Unpacked } from "./container.ts";

/** What it finds. */
export interface Surroundings {
  readonly pid: number;
  /** User ids: real, effective, saved, of the file system. */
  readonly user: string;
  /** Sets: permitted, effective, bounding. */
  readonly capabilities: readonly string[];
  /** Folders that it can write to. */
  readonly writable: readonly string[];
  /** MiB that V8's heap may take. */
  readonly heapLimit: number;
}

/** Runs in the container; JavaScript, because `--no-check` compiles it without a configuration. */
const PROGRAM = `
import { getHeapStatistics } from "node:v8";
const lines = Deno.readTextFileSync("/proc/self/status").split("\\n").map((line) => line.split(/:\\t(.*)/));
const status = Object.fromEntries(lines);
const writable = ["/", "/data", "/home/nonroot", "/tmp"].filter((dir) => {
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir }));
    return true;
  } catch {
    return false;
  }
});
console.log(JSON.stringify({
  pid: Deno.pid,
  user: status.Uid,
  capabilities: [status.CapPrm, status.CapEff, status.CapBnd],
  writable,
  heapLimit: Math.round(getHeapStatistics().heap_size_limit / 2 ** 20),
}));`;

/** Makes the program and returns its path. */
export async function compileProbe(folder: string): Promise<string> {
  const [source, program] = [`${folder}/probe.js`, `${folder}/probe`];
  await Deno.writeTextFile(source, PROGRAM);
  const options = ["--quiet", "--no-check", "--no-config", "--allow-all", "--output", program];
  await succeed([compiler, "compile", ...options, source], { cwd: folder });
  return program;
}

/** Runs the program in a container of the image. */
export async function look(
  image: Unpacked,
  program: string,
  options: ContainerOptions,
): Promise<Surroundings> {
  const printed = await succeed(await containerOf(image, [], { ...options, program }));
  return JSON.parse(printed.trim().split("\n").at(-1)!);
}
