/** A thread, and what it sees: messages and files, synchronous. */

/** A thread, seen from the one that started it. */
export interface Thread {
  postMessage(text: string): void;
  terminate(): void;
}

/** Who is told of what the thread does. */
export interface ThreadEvents {
  onMessage: (text: string) => void;
  /** It failed or ended, for whatever reason. */
  onEnd: () => void;
}

/** Starts a thread that calls a function that the program's module exports, with a text. */
export type StartThread = (entry: string, text: string, events: ThreadEvents) => Promise<Thread>;

/** What the thread itself has. */
export interface ThreadSurroundings {
  readonly postMessage: (text: string) => void;
  readonly onMessage: (listener: (text: string) => void) => void;
  readonly files: ThreadFiles;
}

/** Files, as a thread that may wait for them uses them. Its methods throw the system's errors, with their `code`. */
export interface ThreadFiles {
  /** What is at a path, a link itself and not what it leads to; undefined: nothing. */
  look(path: string): FileLook | undefined;
  /** Identifies the file behind a path; undefined: there is none, or it cannot be looked at. */
  identity(path: string): string | undefined;
  /** Makes an empty file for its owner only, where nothing is yet. */
  make(path: string): void;
  remove(path: string): void;
  /** Opens a file for its first bytes, which are read anew each time. */
  openHead(path: string, bytes: number): FileHead;
}

/**
 * The beginning of a file. While SQLite has the file open in this process, it must stay open: to close any descriptor
 * of a file ends all POSIX locks that the process holds on it (sqlite.org/howtocorrupt.html, 2.2).
 */
export interface FileHead {
  read(): Uint8Array;
  close(): void;
}

/** What {@link ThreadFiles.look} finds. */
export interface FileLook {
  readonly isFile: boolean;
  readonly size: number;
  /** Who owns it; null where the system has no such numbers. */
  readonly uid: number | null;
  readonly mtimeMs: number;
}
