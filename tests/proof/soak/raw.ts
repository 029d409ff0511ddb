/** Connections that no HTTP client makes: slow, broken off in the middle, silent. */
import { setTimeout as sleep } from "node:timers/promises";
import { PlainSocket } from "../../support/socket.ts";
import { NOT_TRACKED, SECRET } from "./strays.ts";

/** Where, and until when. */
export interface Exchange {
  readonly port: number;
  /** Aborted when the load is over: who only waits goes away then. */
  readonly over: AbortSignal;
}

/** What is done on a connection, and what must be answered. */
export interface RawRequest {
  readonly what: string;
  /** The answer's HTTP status; undefined: none was waited for. */
  readonly run: (exchange: Exchange) => Promise<number | undefined>;
  readonly expects: number | undefined;
  /** Lasts longer than the service's 15 s for a body. */
  readonly long?: true;
}

/** Pieces and milliseconds between them, of a body that is slow but in time. */
const PIECES = 10;
const BETWEEN_PIECES = 150;

/** Milliseconds between the bytes of a body that is too slow. */
const BETWEEN_BYTES = 500;

/** All of them. */
export const RAW: readonly RawRequest[] = [
  { what: "a slow body", run: inPieces, expects: 200 },
  { what: "a body that is too slow", run: drip, expects: 408, long: true },
  { what: "a body that is too large", run: onlyHead, expects: 413 },
  {
    what: "an upload that is aborted",
    run: (at) => abandon(at, partOf(headOf(NOT_TRACKED.length))),
    expects: undefined,
  },
  {
    what: "a chunked upload that is aborted",
    run: (at) => abandon(at, `${headOf(undefined)}400\r\n{"msg_id":`),
    expects: undefined,
  },
  {
    what: "half a head",
    run: (at) => holdOpen(at, "POST / HTTP/1.1\r\nHost: soak\r\nAuthor"),
    expects: undefined,
  },
  { what: "a connection without a request", run: (at) => holdOpen(at, ""), expects: undefined },
];

function headOf(length: number | undefined): string {
  return [
    "POST / HTTP/1.1",
    "Host: soak",
    `Authorization: Bearer ${SECRET}`,
    "Content-Type: application/json",
    length === undefined ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`,
    "\r\n",
  ].join("\r\n");
}

function partOf(head: string): string {
  return head + NOT_TRACKED.slice(0, NOT_TRACKED.length / 2);
}

async function inPieces({ port }: Exchange): Promise<number> {
  using socket = await PlainSocket.open(port, headOf(NOT_TRACKED.length));
  const size = Math.ceil(NOT_TRACKED.length / PIECES);
  for (let from = 0; from < NOT_TRACKED.length; from += size) {
    await sleep(BETWEEN_PIECES);
    await socket.send(NOT_TRACKED.slice(from, from + size));
  }
  return await statusOn(socket);
}

async function drip({ port }: Exchange): Promise<number> {
  using socket = await PlainSocket.open(port, headOf(1_000));
  const timer = setInterval(() => void socket.send(" ").catch(() => {}), BETWEEN_BYTES);
  return await statusOn(socket).finally(() => clearInterval(timer));
}

async function onlyHead({ port }: Exchange): Promise<number> {
  using socket = await PlainSocket.open(port, headOf(2 * 1024 ** 2));
  return await statusOn(socket);
}

async function abandon({ port }: Exchange, text: string): Promise<undefined> {
  using _ = await PlainSocket.open(port, text);
  await sleep(BETWEEN_PIECES);
}

async function holdOpen({ port, over }: Exchange, text: string): Promise<undefined> {
  using _ = await PlainSocket.open(port, text);
  if (over.aborted) return;
  await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
}

/** The beginning of an answer is enough: the connection is closed after it. */
async function statusOn(socket: PlainSocket): Promise<number> {
  return Number((await socket.receive(/^HTTP\/1\.1 \d{3}/)).slice(9, 12));
}
