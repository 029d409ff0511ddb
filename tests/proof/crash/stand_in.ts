/**
 * PlatformX's stand-in as a process of its own: it judges calls by the documented rules and fails one answer in ten,
 * half of them with 503 before the event is taken, half by breaking the connection after that.
 *
 * `stand_in.ts LOG SEED` prints its address and serves until it is ended.
 *
 * `node:http`, because it can break a connection; `Deno.serve` cannot.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { STAND_IN_KEY } from "../../../tools/demo/platformx.ts";
import { judge, TRACK_PATH } from "../../../tools/demo/platformx_rules.ts";
import { Random } from "./random.ts";
import { RecordFile, type StandInRecord } from "./records.ts";

const FAILING = 0.1;

/** Milliseconds that an answer takes: kills should also meet attempts under way. */
const ANSWERS_AFTER = [5, 60] as const;

/**
 * Most answers of one event that are lost. A third would make it a dead letter (`outcome_unknown`), which is kept and
 * not lost, but is in the outbox, where the judge does not look.
 */
const MOST_LOST = 2;

const [path = "", seed = ""] = Deno.args;
const log = new RecordFile<StandInRecord>(path);
const random = new Random(Number(seed));
const lostAnswers = new Map<string, number>();
let requests = 0;

function fate(message: string): "answer" | "not_taken" | "lost" {
  if (random.next() >= FAILING) return "answer";
  if (random.next() < 0.5) return "not_taken";
  const lost = lostAnswers.get(message) ?? 0;
  if (lost === MOST_LOST) return "answer";
  lostAnswers.set(message, lost + 1);
  return "lost";
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url = "" } = request;
  const headers = new Headers({
    authorization: request.headers.authorization ?? "",
    "content-type": request.headers["content-type"] ?? "",
  });
  // A request that broke off in the middle was not taken.
  const body = await text(request).catch(() => undefined);
  if (body === undefined) return;
  const { event, status, headers: answered, body: answer } = judge(
    { method, path: url, headers, body },
    STAND_IN_KEY,
  );
  const message = event?.metadata["coder_message_id"] ?? "";
  const fated = fate(message);
  const number = ++requests;
  const taken = event !== undefined && fated !== "not_taken";
  log.write({ kind: "arrival", at: Date.now(), request: number, message, taken });
  const end = (isAnswered: boolean) =>
    log.write({ kind: "end", at: Date.now(), request: number, answered: isAnswered });
  await setTimeout(random.between(...ANSWERS_AFTER));
  if (fated === "lost") {
    end(false);
    request.socket.destroy();
    return;
  }
  if (response.destroyed) return end(false);
  response.on("close", () => end(response.writableFinished));
  if (fated === "not_taken") response.writeHead(503).end();
  else response.writeHead(status, answered).end(answer);
}

const server = createServer((request, response) => void handle(request, response));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  console.log(`http://127.0.0.1:${address.port}${TRACK_PATH}`);
});
