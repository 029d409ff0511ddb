/** Servers as Debian has them, in the foreground and with a configuration of the test. */
import { Child, needs, openFolder, untilListening } from "../support/process.ts";

/** How a server is started. */
export interface Neighbour {
  /** Name of the program, and of Debian's package that brings it. */
  readonly program: string;
  /** The port of 127.0.0.1 at which it is to listen. */
  readonly port: number;
  /** Texts of the files in its folder, by their names, made for the folder's path. */
  readonly files: (folder: string) => Readonly<Record<string, string>>;
  /** Its command line. */
  readonly commandLine: (folder: string) => readonly string[];
}

/** A server that listens. Disposing of it ends it, and removes its folder. */
export interface Running extends AsyncDisposable {
  readonly folder: string;
  readonly child: Child;
}

/**
 * Starts a server and waits until it listens.
 *
 * @throws {Error} when it is not installed, or ends before it listens: the message holds what it said
 */
export async function startNeighbour({ program, port, files, commandLine }: Neighbour): Promise<Running> {
  await needs(program, `apt-get install --no-install-recommends ${program}`);
  await using starting = new AsyncDisposableStack();
  const { path: folder } = starting.use(await openFolder());
  // Servers that begin as root go on as somebody else, and write here.
  await Deno.chmod(folder, 0o777);
  for (const [name, text] of Object.entries(files(folder))) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  const child = starting.use(new Child(commandLine(folder)));
  await untilListening(port, program, child);
  const running = starting.move();
  return { folder, child, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
