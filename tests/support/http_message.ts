/** One message of HTTP/1.1 at the beginning of a text, in which each character is a byte. */
export interface Message {
  /** Request or status line and headers, without the empty line at the end. */
  readonly head: string;
  readonly body: string;
  /** What comes behind it. */
  readonly rest: string;
}

/** Undefined: it is not complete. A head that tells no length has no body. */
export function messageIn(text: string): Message | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunkedIn(text, head);
  const from = end + 4;
  const to = from + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return text.length < to ? undefined : { head, body: text.slice(from, to), rest: text.slice(to) };
}

/** Nobody here sends trailers. */
function chunkedIn(text: string, head: string): Message | undefined {
  let body = "";
  for (let at = head.length + 4;;) {
    const from = text.indexOf("\r\n", at) + 2;
    const size = Number.parseInt(text.slice(at, from), 16);
    const to = from + size;
    // A size that is none never gets complete.
    if (from < 2 || !(text.length >= to + 2)) return undefined;
    if (size === 0) return { head, body, rest: text.slice(to + 2) };
    body += text.slice(from, to);
    at = to + 2;
  }
}
