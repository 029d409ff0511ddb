/** Answers that break the rules of HTTP. */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Misbehaviour } from "../../support/platformx.ts";

/** What is written to a connection whose request has come. */
export type Write = (socket: Socket) => void | Promise<void>;

/** A whole answer. */
export function answer(status: string, body: string, headers = ""): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`;
}

/** Says that it took the event, and where to go, in every way that there is. */
export function redirectTo(status: number, location: string): Misbehaviour {
  const headers = { location, refresh: `0;url=${location}` };
  return { kind: "answer", status, body: '{"ok":true}', headers };
}

/** Writes the same again and again, as fast as it is taken, until `bytes` are written or nobody takes more. */
export async function flood(socket: Socket, piece: string | Uint8Array, bytes = Infinity): Promise<void> {
  const closed = once(socket, "close").catch(() => {});
  for (let left = bytes; left > 0 && socket.writable; left -= piece.length) {
    if (socket.write(piece)) continue;
    const stop = new AbortController();
    await Promise.race([once(socket, "drain", { signal: stop.signal }).catch(() => {}), closed]);
    stop.abort();
  }
}
