import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { type Entry, startProgram } from "../support/service.ts";

/** More than a pipe holds (64 KiB on Linux): two lines of some 300 bytes each. */
const WEBHOOKS = 400;

/** Both streams in one pipe, whose reader reads as much as it holds when it is told to, and the rest at another word. */
const STALLED = '"$@" 2>&1 | { until [ -e go ]; do sleep 0.1; done; head -c 65536 >>log; ' +
  "until [ -e on ]; do sleep 0.1; done; cat >>log; }";
const WITH_PID = ["sh", "-c", 'echo "$$" >pid; exec "$@"', "sh"];

Deno.test("with both streams in one pipe that stalls, a line of the one is never in the middle of one of the other", async () => {
  await using program = await startProgram({
    environment: { DRY_RUN: "true", LOG_LEVEL: "DEBUG", LOG_FORMAT: "json", WEBHOOK_SECRET: "s3cret" },
    files: { log: "" },
    wrap: (line) => ["sh", "-c", STALLED, "sh", ...WITH_PID, ...line],
    stdout: "null",
  });
  const { directory } = program;
  const headers = { authorization: "Bearer s3cret" };
  try {
    const post = async (body: unknown) => await (await program.post(body, headers)).body?.cancel();
    for (let i = 0; i < WEBHOOKS; i++) {
      await post(notificationWith({ labels: { workspace: `dev-${i}` } }, `message-${i}`));
    }
    const log = () => Deno.readTextFileSync(`${directory}/log`);
    Deno.writeTextFileSync(`${directory}/go`, "");
    await eventually(() => log().length >= 65_536, "the first part of the log");
    // By now all that waited is being written, and the pipe is full again, as a rule in the middle of a line.
    await program.health();
    await (await program.post({})).body?.cancel();
    await program.health();
    Deno.writeTextFileSync(`${directory}/on`, "");
    await eventually(() => log().includes('"unauthorized"') && log().includes("message-399"), "the log");
    const entries = log().split("\n").slice(0, -1).map((line): Entry => JSON.parse(line));
    assert.equal(entries.filter(({ event }) => event === "webhook").length, WEBHOOKS + 1);
    assert.equal(entries.filter(({ event }) => event === "turned_away").length, 1);
  } finally {
    Deno.kill(Number(Deno.readTextFileSync(`${directory}/pid`)), "SIGKILL");
  }
});
