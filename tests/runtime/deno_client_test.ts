import assert from "node:assert/strict";
import { denoClient, failureOf } from "../../lib/runtime/deno_client.ts";
import type { Answer, NetworkFailure, OutgoingRequest } from "../../lib/runtime/runtime.ts";
import { FIXED_CERTIFICATE } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { fileOf } from "../support/files.ts";
import { type Fate, type Misbehaviour, startPlatformX } from "../support/platformx.ts";
import type { Listening } from "../support/platformx_wire.ts";
import { runModule } from "../support/service.ts";

const NEVER = new AbortController().signal;
const send = denoClient(() => undefined);

/** A request, but for what a test says otherwise. */
function requestTo(url: string, changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { method: "POST", url, headers: {}, body: "{}", limit: 100, signal: NEVER, ...changes };
}

/** What becomes of a request over a connection that has served one already. */
const ENDS: Readonly<Record<string, Misbehaviour>> = {
  "closed in order when it was read": { kind: "closed" },
  "reset when it was read": { kind: "reset" },
  "answered by half": {
    kind: "raw",
    write: (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"),
  },
  "answered by half a head": { kind: "raw", write: (socket) => void socket.end("HTTP/1.1 2") },
  "refused for the moment": { kind: "answer", status: 503, headers: { "retry-after": "0" } },
  "told to be too early": { kind: "answer", status: 425 },
  "timed out": { kind: "answer", status: 408 },
};

/** What is told of it. */
const TOLD: Readonly<Record<string, string>> = {
  "closed in order when it was read": "connection_lost",
  "reset when it was read": "connection_lost",
  "answered by half": "200 cut_off",
  "answered by half a head": "connection_lost",
  "refused for the moment": "503 whole",
  "told to be too early": "425 whole",
  "timed out": "408 whole",
};

/** Sends each twice: to have a connection, and to see what becomes of it. Prints the second answers. */
const SEND_ALL = `
  import { denoClient } from "project/lib/runtime/deno_client.ts";
  const { url, names } = JSON.parse(Deno.env.get("ASKED"));
  const send = denoClient(() => undefined);
  const answers = [];
  for (const name of names) {
    for (const first of [true, false]) {
      const { signal } = new AbortController();
      const body = JSON.stringify({ name, first });
      const answer = await send({ method: "POST", url, headers: {}, body, limit: 100, signal });
      const told = answer.kind === "failure" ? answer.failure : answer.status + " " + (answer.bodyEnd ?? "whole");
      if (first && told !== "200 whole") throw new Error(name + ": " + told);
      if (!first) answers.push([name, told]);
    }
  }
  console.log(JSON.stringify(answers));
`;

Deno.test("a POST is on the wire once, however the connection that was kept for it ends", async (t) => {
  const rows: [what: string, listening: Listening][] = [
    ["HTTP/1.1", {}],
    ["TLS", { tls: FIXED_CERTIFICATE }],
    ["HTTP/2", { tls: FIXED_CERTIFICATE, http2: true }],
  ];
  for (const [what, listening] of rows) {
    await t.step(what, async () => {
      await using server = await startPlatformX(listening);
      const fate: Fate = ({ body }) => {
        const { name, first } = JSON.parse(body);
        return first ? { kind: "answer", status: 200, body: "{}" } : ENDS[name];
      };
      server.misbehave(fate, Infinity);
      const names = Object.keys(ENDS).filter((name) => !listening.http2 || ENDS[name]?.kind !== "raw");
      const { code, stdout, stderr } = await runModule(SEND_ALL, {
        environment: {
          ASKED: JSON.stringify({ url: server.url, names }),
          DENO_CERT: fileOf("tests/fixtures/tls_cert.pem"),
        },
        permissions: ["--allow-net", "--allow-env", "--allow-read"],
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), names.map((name) => [name, TOLD[name]]));
      const sent = names.flatMap((name) => [{ name, first: true }, { name, first: false }]);
      assert.deepEqual(server.received.map(({ body }) => JSON.parse(body)), sent, "not each of them once");
      // Else nothing was kept, and the test shows nothing.
      const connections = server.received.map(({ connection }) => connection);
      for (const [i, name] of names.entries()) assert.equal(connections[2 * i + 1], connections[2 * i], name);
    });
  }
});

Deno.test("a GET has no body, and a request its own headers", async () => {
  await using server = await startPlatformX();
  server.misbehave({ kind: "answer", status: 200, headers: { "x-own": "1, 2" }, body: "whole" });
  const { body: _, ...get } = requestTo(server.url, {
    method: "GET",
    headers: { authorization: "Bearer x" },
  });
  const answer = await send(get);
  assert.ok(answer.kind === "response");
  assert.deepEqual([answer.status, answer.body, answer.headers.get("x-own")], [200, "whole", "1, 2"]);
  const [received] = server.received;
  assert.deepEqual([received?.method, received?.body, received?.headers.get("authorization")], [
    "GET",
    "",
    "Bearer x",
  ]);
});

Deno.test("an answer's body is told as far as it may be read, and how it ended", async (t) => {
  const chunked = (text: string, end: string): Misbehaviour => ({
    kind: "raw",
    write: (socket) =>
      void socket.end(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${
          text.length.toString(16)
        }\r\n${text}\r\n${end}`,
        "latin1",
      ),
  });
  const answer = (body: string): Misbehaviour => ({ kind: "answer", status: 200, body });
  const rows: [
    what: string,
    answer: Misbehaviour,
    told: Pick<Answer & { kind: "response" }, "body" | "bodyEnd">,
  ][] = [
    ["none", { kind: "answer", status: 204 }, { body: "" }],
    ["as long as may be", answer("x".repeat(100)), { body: "x".repeat(100) }],
    ["a byte too long", answer("x".repeat(101)), { body: "", bodyEnd: "too_long" }],
    ["as long as may be, in chunks", chunked("x".repeat(100), "0\r\n\r\n"), { body: "x".repeat(100) }],
    ["a byte too long, in chunks", chunked("x".repeat(101), "0\r\n\r\n"), { body: "", bodyEnd: "too_long" }],
    ["without the last chunk", chunked("x", ""), { body: "", bodyEnd: "cut_off" }],
    ["not UTF-8", chunked("\xff", "0\r\n\r\n"), { body: "\ufffd" }],
  ];
  for (const [what, misbehaviour, told] of rows) {
    await t.step(what, async () => {
      await using server = await startPlatformX();
      server.misbehave(misbehaviour);
      const { kind: _, status: __, headers: ___, ...rest } = await send(requestTo(server.url)) as Answer & {
        kind: "response";
      };
      assert.deepEqual(rest, told);
    });
  }
});

Deno.test("the signal's reason is the failure that is told", async (t) => {
  for (const reason of ["timed_out", "cut_off"] as const) {
    await t.step(reason, async () => {
      await using server = await startPlatformX();
      server.misbehave({ kind: "silent" }, Infinity);
      const over = new AbortController();
      const answer = send(requestTo(server.url, { signal: over.signal }));
      await eventually(() => server.requests > 0, "the request");
      over.abort(reason);
      assert.deepEqual(await answer, { kind: "failure", failure: reason });
      const early = await send(requestTo(server.url, { signal: AbortSignal.abort(reason) }));
      assert.deepEqual(early, { kind: "failure", failure: reason });
      assert.equal(server.requests, 1);
    });
  }
});

Deno.test("what is no address, or may not be reached, is a failure and no fault", async (t) => {
  const rows: [url: string, failure: NetworkFailure][] = [
    ["", "unknown_failure"],
    ["https://", "unknown_failure"],
    ["ftp://127.0.0.1/", "unknown_failure"],
    ["http://name.invalid/", "name_not_found"],
  ];
  for (const [url, failure] of rows) {
    await t.step(url, async () => assert.deepEqual(await send(requestTo(url)), { kind: "failure", failure }));
  }
});

Deno.test("failures are told apart by what Deno says, in the words of its versions", async (t) => {
  const head = "error sending request for url (https://api.example.com/dns%20error/events.track?k3y)";
  const rows: [words: string, failure: NetworkFailure][] = [
    [
      `${head}: client error (Connect): tcp connect error: Connection refused (os error 111)`,
      "connection_failed",
    ],
    [
      `${head}: client error (Connect): tcp connect error: Network is unreachable (os error 101)`,
      "connection_failed",
    ],
    [
      `${head}: client error (Connect): dns error: failed to lookup address information`,
      "name_not_found",
    ],
    [`${head}: client error (Connect): proxy authentication required`, "proxy_refused"],
    [`${head}: client error (Connect): unsuccessful tunnel`, "proxy_failed"],
    [`${head}: client error (Connect): invalid peer certificate: Expired`, "tls_failed"],
    [`${head}: client error (Connect): tls handshake eof`, "tls_failed"],
    [
      `${head}: client error (SendRequest): connection error: Connection reset by peer (os error 104)`,
      "connection_lost",
    ],
    [
      `${head}: client error (SendRequest): connection error: peer closed connection without sending TLS close_notify`,
      "connection_lost",
    ],
    [
      `${head}: client error (SendRequest): http2 error: stream error received: refused stream`,
      "connection_lost",
    ],
    ["stream error received: not a result of an error", "connection_lost"],
    ["stream closed because of a broken pipe", "connection_lost"],
    ["Failed opening CA file: No such file or directory (os error 2)", "tls_failed"],
    ["Unable to add pem file to certificate store: InvalidLength(1)", "tls_failed"],
    ['Unknown certificate store "mine" specified (allowed: "system,mozilla")', "tls_failed"],
    ["Too many open files (os error 24)", "connection_failed"],
    ["something new", "unknown_failure"],
    ['Invalid header value: "Bearer k3y"', "unknown_failure"],
  ];
  for (const [words, failure] of rows) {
    const errors = [new TypeError(words), new TypeError("fetch failed", { cause: new Error(words) })];
    for (const [index, error] of errors.entries()) {
      await t.step(`Deno ${["2.6", "2.9"][index]}: ${words.replace(head, "…")}`, () => {
        assert.equal(failureOf(error), failure);
      });
    }
  }
  await t.step("not even an error", () => assert.equal(failureOf("broken"), "unknown_failure"));
  await t.step("the relay knows why there is no tunnel", () => {
    const error = new TypeError(`${head}: client error (Connect): unexpected eof while tunneling`);
    assert.equal(failureOf(error, "name_not_found"), "name_not_found");
  });
});
