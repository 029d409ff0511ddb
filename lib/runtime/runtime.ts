import type { StartThread } from "./thread.ts";
/**
 * What the service needs of the runtime it is on. `deno.ts` and `node.ts` bring it; nothing else in `lib/` knows which
 * of the two it is.
 */

/** The runtime. */
export interface Runtime {
  readonly name: "deno" | "node";
  readonly version: string;
  /** `linux`, `darwin`, `windows` or another. */
  readonly os: string;
  /** The program's arguments. */
  readonly args: readonly string[];
  readonly startThread: StartThread;
  /** A variable of the environment; undefined when it is not set, or is none that the service may read. */
  readonly env: (name: string) => string | undefined;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly files: Files;
  readonly listen: Listen;
  readonly send: Send;
  /**
   * Whether a TCP connection to an address can be made: `refused` where nobody listens, `no_descriptor` where this
   * process has none left.
   */
  readonly tryToConnect: (address: Address) => Promise<"connected" | "refused" | "no_descriptor" | "failed">;
  /** Calls `listener` at each signal that asks the process to stop; from then on none ends it by itself. */
  readonly onStop: (listener: () => void) => void;
  /** Calls `listener` with what nobody caught; the process goes on. */
  readonly onFault: (listener: (error: unknown) => void) => void;
  /** What the process uses at this moment. Cheap enough for every scrape. */
  readonly usage: () => ProcessUsage;
  /** Ends the process now, whatever is under way. */
  readonly exit: (code: number) => never;
}

/** What a process uses; undefined: the system does not tell, or not to this process. */
export interface ProcessUsage {
  /** Processor time since the start, the system's on its behalf included. */
  readonly cpuSeconds: number | undefined;
  readonly residentBytes: number | undefined;
  /** File descriptors: open ones, and how many may be. */
  readonly openDescriptors: number | undefined;
  readonly maxDescriptors: number | undefined;
}

/** Standard input. */
export interface InputStream {
  /** All of it; undefined when there are more than `limit` bytes. */
  read(limit: number): Promise<Uint8Array | undefined>;
}

/** Standard output or error. */
export interface OutputStream {
  readonly isTerminal: boolean;
  /**
   * Writes all bytes, as soon as the other end takes them: nothing else waits meanwhile. One at a time.
   *
   * @throws when they cannot be written: the disk is full, the other end is closed
   */
  write(bytes: Uint8Array): Promise<void>;
}

/** Of a file's mode: that others than its owner and group may read it. */
export const FOR_ALL = 0o004;

/** What `stat` tells of a path. */
export interface FileSeen {
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  /** Identifies the file behind the path; the same for two paths to one file. Undefined where the system has no such numbers. */
  readonly id: string | undefined;
  readonly device: number | undefined;
  /** Whether its own mode lets every user of the machine read it; false where the system has no such modes. */
  readonly isForAll: boolean;
}

/** Why a file could not be read; the runtime's own text would repeat the path. */
export type FileFault = "missing" | "forbidden" | "folder" | "too_large" | "stalled" | "unreadable";

/** Files that settings name. */
export interface Files {
  /**
   * The bytes of a file or a pipe, read once; not more than `limit`, and no longer than a few seconds (a pipe that
   * nobody writes to).
   */
  read(path: string, limit: number): Promise<Uint8Array | FileFault>;
  /** Undefined: there is nothing at that path, or it may not be looked at. Follows links. */
  stat(path: string): FileSeen | undefined;
  /** A path, as it is from the root: the working directory put before a relative one. */
  absolute(path: string): string;
}

/** A TCP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where to listen. */
export interface ListenAddress extends Address {
  /** PEM texts: HTTPS, with HTTP/2. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** A request, as the service reads it: the part of the web's `Request` that it uses. */
export interface IncomingRequest {
  readonly method: string;
  /** Absolute, or path and query alone. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  /** All of the body. */
  bytes(): Promise<Uint8Array>;
  /** The body chunk by chunk; null: there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** An answer. */
export interface OutgoingResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none, as for `HEAD`. */
  readonly body: string | null;
}

/** Answers a request. Never rejects. */
export type Handler = (request: IncomingRequest) => Promise<OutgoingResponse>;

/** Why an address cannot be listened at. */
export type ListenFault = "in_use" | "not_available" | "forbidden" | "bad_certificate" | "unknown";

/** An address that cannot be listened at. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly fault: ListenFault;

  constructor(fault: ListenFault) {
    super(fault);
    this.fault = fault;
  }
}

/** Where the service listens. */
export interface HttpServer {
  readonly address: Address;
  /** Settles when nobody can connect any more, wanted or not. Never rejects. */
  readonly finished: Promise<void>;
  /** Takes no more connections, and resolves when those that are there have ended; a stalled one never does. */
  shutdown(): Promise<void>;
}

/**
 * Listens for HTTP.
 *
 * @throws {ListenError}
 */
export type Listen = (address: ListenAddress, handler: Handler) => Promise<HttpServer>;

/** A request to somebody else. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Bytes of the answer's body that are read. */
  readonly limit: number;
  /** Ends the request; its reason is the failure that is told: `timed_out` or `cut_off`. */
  readonly signal: AbortSignal;
}

/** How a request ended without an answer; named by kind, because the runtimes' texts quote addresses and headers. */
export type NetworkFailure =
  | "connection_failed"
  | "name_not_found"
  /** A proxy let nobody through: 407 or 403. */
  | "proxy_refused"
  /** A proxy could not reach the other end. */
  | "proxy_failed"
  | "tls_failed"
  | "connection_lost"
  | "timed_out"
  | "cut_off"
  | "unknown_failure";

/** What came of a request. */
export type Answer =
  | {
    readonly kind: "response";
    readonly status: number;
    readonly headers: { get(name: string): string | null };
    /** As far as it came. */
    readonly body: string;
    /** Why `body` is not all of it; undefined: it is. */
    readonly bodyEnd?: "cut_off" | "too_long";
  }
  | { readonly kind: "failure"; readonly failure: NetworkFailure };

/**
 * Makes one request: what was asked for is on the wire once, whatever becomes of the connection. Follows no redirect;
 * takes `HTTPS_PROXY`, `NO_PROXY` and `DENO_CERT` into account. Never rejects.
 */
export type Send = (request: OutgoingRequest) => Promise<Answer>;
