/** Bytes on a socket that no HTTP client sends: they reach the service through Deno's server. */
import { Random } from "../crash/random.ts";
import { SECRETS } from "./canaries.ts";
import { Broken, judgeAnswer, judgeLine } from "./judge.ts";
import { FuzzedService } from "./service.ts";
import { pick } from "./tree.ts";

const BODY = '{"msg_id":"m","payload":{"notification_name":"Workspace Created"}}';

const LINES = [
  ...["POST / HTTP/1.1", "POST / HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/1.1", "HEAD / HTTP/1.1"],
  ...["POST / HTTP/1.0", "TRACE / HTTP/1.1", "CONNECT x:443 HTTP/1.1", "OPTIONS * HTTP/1.1"],
  ...["POST http://other/ HTTP/1.1", "post / HTTP/1.1", "POST // HTTP/1.1", "POST /%2e%2e/ HTTP/1.1"],
  ...["POST /%00 HTTP/1.1", "POST /a b HTTP/1.1", "POST  / HTTP/1.1", "POST / HTTP/9.9", "POST / http/1.1"],
  ...["POST /", "POST", "PRI * HTTP/2.0", "\x16\x03\x01\x02\x00\x01", "POST \\ HTTP/1.1"],
  ...[`POST /${"a".repeat(70_000)} HTTP/1.1`, `${"P".repeat(5_000)} / HTTP/1.1`, "GET /?details HTTP/1.1"],
  "POST /é HTTP/1.1",
  ...[
    "POST https://[::1/ HTTP/1.1",
    "POST /#x HTTP/1.1",
    "POST ?x HTTP/1.1",
    "GET file:///etc/passwd HTTP/1.1",
  ],
];

const FRAMES: readonly (readonly [head: string, body: string])[] = [
  [`Content-Length: ${BODY.length}`, BODY],
  [`Content-Length: ${BODY.length}`, BODY],
  ["Transfer-Encoding: chunked", `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
  [
    "Transfer-Encoding: chunked",
    `${BODY.length.toString(16)};a=b\r\n${BODY}\r\n0\r\nX-Trailer: ${"t".repeat(500)}\r\n\r\n`,
  ],
  [`Content-Length: ${BODY.length}\r\nTransfer-Encoding: chunked`, "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"],
  [`Transfer-Encoding: chunked\r\nContent-Length: 4`, `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
  [`Content-Length: ${BODY.length}\r\nContent-Length: ${BODY.length}`, BODY],
  [`Content-Length: ${BODY.length}\r\nContent-Length: 3`, BODY],
  [`Content-Length: ${BODY.length}, ${BODY.length}`, BODY],
  ["Content-Length: +5", BODY],
  ["Content-Length: -1", BODY],
  ["Content-Length: 0x10", BODY],
  ["Content-Length: 99999999999999999999999", BODY],
  ["Content-Length: 5000", BODY],
  ["Content-Length: 3", `${BODY}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["Transfer-Encoding: xchunked", BODY],
  ["Transfer-Encoding: chunked, identity", BODY],
  ["Transfer-Encoding : chunked", BODY],
  ["Transfer-Encoding:\x0bchunked", BODY],
  ["Transfer-Encoding: chunked", "ffffffffffffffffff\r\n"],
  ["Transfer-Encoding: chunked", "-1\r\n"],
  ["Transfer-Encoding: chunked", `5\n{"a":\n`],
  ["Transfer-Encoding: chunked", `${"0".repeat(9_000)}\r\n\r\n`],
  ["X: y", ""],
];

const HEADERS = [
  ...[
    "Host: x",
    "",
    "Host: x\r\nHost: y",
    "Host: a[b",
    "Host:",
    "Host: x:99999",
    "Host: x/../y",
    "Host: \x80",
  ],
];

const MORE = [
  ...["", "", "", "Expect: 100-continue", "Expect: 200-ok", "Connection: upgrade\r\nUpgrade: websocket"],
  "Connection: close",
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
  ...["X: a\r\n b", "X : y", ": empty", "X", "X\0: y", "X: \0", "X: a\rb", "X: a\nY: b"],
  ...[`X: ${"y".repeat(70_000)}`, "X: y\r\n".repeat(129) + "X: y", "X: y\r\n".repeat(110) + "X: y"],
  ...["Content-Encoding: gzip", "Accept: text/html", "Cookie: a=b", "Range: bytes=0-"],
  ...["Content-Type: text/plain", "Authorization: Basic", `Authorization: Bearer ${SECRETS.wrong}`],
  "Method: GET",
  ...["X-Http-Method-Override: DELETE", "X-Forwarded-Host: evil", "X-Deno-Client-Address: nonsense"],
];

/** Milliseconds after which an exchange that neither ends nor answers is left: the server has no time-outs. */
const PATIENCE = 1_000;

/** Exchanges between which a plain webhook must be answered. */
const OTHERS = 20;

/** What came of the exchanges: answers' statuses, or how else they ended. */
export async function attackSocket(seed: number, count: number): Promise<ReadonlyMap<string, number>> {
  const random = new Random(seed);
  const service = new FuzzedService();
  let isSmuggled = false;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    isSmuggled ||= request.url.includes("/smuggled");
    return service.handle(request);
  });
  const { port } = server.addr;
  const came = new Map<string, number>();
  try {
    for (let i = 0; i < count; i++) {
      const sent = bytesOf(random);
      try {
        const ended = judgeReply(await exchange(port, sent), sent.startsWith("HEAD "));
        came.set(ended, (came.get(ended) ?? 0) + 1);
        service.lines.splice(0).forEach(judgeLine);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        throw new Broken(`${error.message}\nafter ${JSON.stringify(sent.slice(0, 2_000))}`);
      }
      if (i % OTHERS === 0) await assertOthersAnswered(port);
    }
    if (isSmuggled) throw new Broken("a request was smuggled");
  } finally {
    await server.shutdown();
  }
  return came;
}

function bytesOf(random: Random): string {
  const [frame, body] = pick(FRAMES, random);
  const headers = [
    random.next() < 0.8 ? "Host: x" : pick(HEADERS, random),
    random.next() < 0.8 ? `Authorization: Bearer ${SECRETS.webhook}` : "",
    random.next() < 0.8 ? "Content-Type: application/json" : "",
    pick(MORE, random),
    frame,
  ].filter((line) => line !== "");
  const newline = random.next() < 0.95 ? "\r\n" : "\n";
  const request = [pick(LINES, random), ...headers, "", body].join(newline);
  if (random.next() < 0.1) return request.slice(0, Math.floor(random.next() * request.length));
  return random.next() < 0.1 ? request + request : request;
}

/** Sends, says that nothing more comes, and reads to the end. */
async function exchange(port: number, text: string): Promise<string | undefined> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  let received = "";
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(late.resolve, PATIENCE, "late" as const);
  const talk = async () => {
    // The server may have said no and closed before all of it is sent.
    await sendAll(connection, bytes).catch(() => {});
    const buffer = new Uint8Array(65_536);
    for (let length; (length = await connection.read(buffer).catch(() => null)) !== null;) {
      received += Array.from(buffer.subarray(0, length), (byte) => String.fromCharCode(byte)).join("");
    }
  };
  const ended = await Promise.race([talk(), late.promise]);
  clearTimeout(timer);
  return received === "" && ended === "late" ? undefined : received;
}

async function sendAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  await connection.closeWrite();
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/**
 * Undefined: no answer, and the connection stays open.
 *
 * @param isHead an answer to HEAD tells a length, but has no body: what follows is another answer
 */
function judgeReply(reply: string | undefined, isHead: boolean): string {
  if (reply === undefined) return "held open";
  if (reply === "") return "closed";
  if (reply.startsWith(CONTINUE)) return `100, ${judgeReply(reply.slice(CONTINUE.length), isHead)}`;
  // A server's SETTINGS: the preface of HTTP/2 was understood.
  if (reply.startsWith("\0\0") && reply[3] === "\x04") return "HTTP/2";
  const [, status = "", head = "", rest = ""] =
    /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n([^]*?)\r\n\r\n([^]*)$/.exec(reply) ?? [];
  if (status === "") throw new Broken(`no HTTP answer: ${JSON.stringify(reply.slice(0, 500))}`);
  const headers = new Headers();
  for (const line of head.split("\r\n")) {
    const [name = "", value = ""] = line.split(/: ?([^]*)/);
    if (name !== "") headers.append(name, value);
  }
  // Deno's own answer to what is no request.
  if (status === "400" && !rest.includes('"status"')) return "400 of the server";
  const length = isHead ? 0 : Number(headers.get("content-length"));
  const text = rest.slice(0, length);
  if (/^\{"status":"(?:ok|degraded)"/.test(text) || headers.get("content-type")?.startsWith("text/html")) {
    return status;
  }
  if (text !== "") judgeAnswer(Number(status), headers, text);
  return status;
}

async function assertOthersAnswered(port: number): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${SECRETS.webhook}` };
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: BODY });
  const { status } = await answer.json();
  if (status !== "ignored") throw new Broken(`a plain webhook beside it is answered '${status}'`);
}
