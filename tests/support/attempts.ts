/** Whether one attempt is one POST: what log and metrics tell is held against what PlatformX read. */
import assert from "node:assert/strict";
import { FIXED_CERTIFICATE } from "./certificates.ts";
import { eventually } from "./eventually.ts";
import { notificationWith } from "./fakes.ts";
import { fileOf } from "./files.ts";
import { type Misbehaviour, STAND_IN_KEY, startPlatformX } from "./platformx.ts";
import type { Listening } from "./platformx_wire.ts";
import type { Environment } from "./program.ts";
import type { Program } from "./service.ts";

/** The ways to PlatformX. */
export const WIRES: Readonly<Record<string, Listening>> = {
  "HTTP/1.1": {},
  TLS: { tls: FIXED_CERTIFICATE },
  "HTTP/2": { tls: FIXED_CERTIFICATE, http2: true },
};

/** What becomes of a POST that was read to its end, over a connection that has served one before. */
const ENDS: Readonly<Record<string, Misbehaviour>> = {
  closed: { kind: "closed" },
  reset: { kind: "reset" },
  "half an answer": {
    kind: "raw",
    write: (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"),
  },
};

/**
 * Sends a webhook over a new connection and one over the kept one, which dies with it, and so for each way to die.
 *
 * @param start starts the program with this environment beside its own
 */
export async function assertOnePostAnAttempt(
  listening: Listening,
  mode: "direct" | "outbox",
  start: (environment: Environment) => Promise<Program>,
): Promise<void> {
  await using platformX = await startPlatformX(listening);
  await using program = await start({
    GETDX_API_URL: platformX.url,
    GETDX_API_KEY: STAND_IN_KEY,
    DENO_CERT: fileOf("tests/fixtures/tls_cert.pem"),
    ...(mode === "outbox" ? { OUTBOX: "./outbox.db" } : {}),
  });
  const done = mode === "outbox" ? "delivered" : "webhook";
  const expected: [messageId: string, attempts: number][] = [];
  const post = async (id: string, attempts: number) => {
    expected.push([id, attempts]);
    await program.post(notificationWith({ labels: { workspace: id } }, id));
    await eventually(() => toldBy(program, done).length === expected.length, `${id} to be over`, {
      seen: () => program.log,
    });
  };
  const ends = Object.entries(ENDS).filter(([, { kind }]) => kind !== "raw" || !listening.http2);
  for (const [end, misbehaviour] of ends) {
    await post(`before: ${end}`, 1);
    const before = platformX.requests;
    platformX.misbehave(misbehaviour);
    await post(`then: ${end}`, 2);
    assert.equal(platformX.requests, before + 2, end);
    const connections = platformX.received.slice(before - 1, before + 1).map(({ connection }) => connection);
    assert.equal(connections[0], connections[1], "no connection was kept");
  }
  const counted = [
    ...(await program.metrics()).matchAll(/^coder_platformx_attempts_total\{.*"(\w+)"\} (\d+)$/gm),
  ]
    .flatMap(([, verdict, count]) => count === "0" ? [] : [[verdict, Number(count)]]);
  assert.deepEqual(Object.fromEntries(counted), { delivered: 2 * ends.length, unknown: ends.length });
  assert.equal((await program.stop()).code, 0, program.stderr);
  assert.deepEqual(toldBy(program, done), expected);
  assert.equal(platformX.requests, 3 * ends.length);
}

function toldBy({ entries }: Program, event: string): readonly (readonly [unknown, unknown])[] {
  return entries.filter((entry) => entry.event === event).map(({ msg_id, attempts }) => [msg_id, attempts]);
}
