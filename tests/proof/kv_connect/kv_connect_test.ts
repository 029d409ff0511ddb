import assert from "node:assert/strict";
import { type StandIn, startPlatformX } from "../../support/platformx.ts";
import { eventually } from "../../support/eventually.ts";
import { notificationWith } from "../../support/fakes.ts";
import { assertTells, faultsIn, outboxEnvironment } from "../../support/outbox_program.ts";
import { answered, type Program, runProgram, startProgram } from "../../support/service.ts";
import { type KvServer, startKvServer } from "./server.ts";

const HAPPENINGS = 60;
const RECIPIENTS = ["tina", "omar", "uma"];

function startInstance(server: KvServer, platformX: StandIn): Promise<Program> {
  const { OUTBOX, ...reaching } = server.environment;
  return startProgram({ environment: { ...outboxEnvironment(OUTBOX, platformX), ...reaching } });
}

/** Posts a copy: a happening of its own for each workspace. */
async function tell(program: Program, workspace: string, recipient = "tina"): Promise<[number, string]> {
  const about = { labels: { workspace }, user_id: recipient, user_email: `${recipient}@example.com` };
  const [code, status, reason] = await answered(
    program.post(notificationWith(about, `${workspace}-${recipient}`)),
  );
  return [code, reason ?? status];
}

function workspaces(platformX: StandIn): string[] {
  return platformX.events.map(({ metadata }) => metadata["workspace"]!).toSorted();
}

function names(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** Waits until these arrived and the store holds nothing more to send, which leaves time for a second of one. */
async function arrivedOnce(platformX: StandIn, program: Program, expected: readonly string[]): Promise<void> {
  const seen = () => program.stderr;
  await eventually(() => platformX.events.length >= expected.length, "every event to arrive", { seen });
  await eventually(async () => (await program.health()).outbox.pending === 0, "no pending event", { seen });
  assert.deepEqual(workspaces(platformX), expected.toSorted());
}

Deno.test("two instances on one server, the copies split between them at once: one event for each happening", async () => {
  await using server = await startKvServer();
  await using platformX = await startPlatformX({ requestsPerMinute: Infinity });
  await using one = await startInstance(server, platformX);
  await using other = await startInstance(server, platformX);
  const happenings = names(HAPPENINGS, "w");
  const told = await Promise.all(happenings.map((workspace, i) =>
    Promise.all(
      RECIPIENTS.map((recipient, k) => tell([one, other][(i + k) % 2]!, workspace, recipient)),
    )
  ));
  for (const answers of told) {
    assert.deepEqual(answers.toSorted(), [[200, "duplicate"], [200, "duplicate"], [202, "queued"]]);
  }
  await arrivedOnce(platformX, one, happenings);
  for (const program of [one, other]) assert.deepEqual(faultsIn(program), []);
});

Deno.test("an instance that is killed with events pending: the other one delivers them", async () => {
  await using server = await startKvServer();
  await using platformX = await startPlatformX({ requestsPerMinute: Infinity });
  await using killed = await startInstance(server, platformX);
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  const happenings = names(20, "k");
  for (const workspace of happenings) assert.deepEqual(await tell(killed, workspace), [202, "queued"]);
  await eventually(() => platformX.requests > 0, "an attempt");
  killed.signal("SIGKILL");
  await killed.ended();
  assert.equal(platformX.events.length, 0);
  platformX.behave();

  await using other = await startInstance(server, platformX);
  await arrivedOnce(platformX, other, happenings);
});

Deno.test("a server that is away: 503, health is answered, and all goes on by itself when it is back", async () => {
  await using server = await startKvServer();
  await using platformX = await startPlatformX({ requestsPerMinute: Infinity });
  await using one = await startInstance(server, platformX);
  await using other = await startInstance(server, platformX);
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  const pending = names(10, "p");
  for (const workspace of pending) assert.deepEqual(await tell(one, workspace), [202, "queued"]);

  await server.kill();
  const lost = names(10, "l");
  for (const program of [one, other]) {
    for (const workspace of lost) assert.deepEqual(await tell(program, workspace), [503, "outbox"]);
    assertTells(await program.logged("outbox_unusable"), "unreachable", /the KV service does not answer/);
    const health = await fetch(program.url);
    assert.deepEqual([health.status, (await health.json()).outbox.pending], [200, null]);
  }
  platformX.behave();
  assert.equal(platformX.events.length, 0);

  await server.start();
  for (const program of [one, other]) await program.logged("outbox_usable");
  for (const workspace of lost) {
    const answer = await tell(other, workspace);
    assert.ok(["200,duplicate", "202,queued"].includes(String(answer)), `${answer}`);
  }
  await arrivedOnce(platformX, other, [...pending, ...lost]);
});

Deno.test("outbox list reads the store by its address, while the service runs", async () => {
  await using server = await startKvServer();
  await using platformX = await startPlatformX();
  await using program = await startInstance(server, platformX);
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  assert.deepEqual(await tell(program, "waiting"), [202, "queued"]);
  const { code, stdout, stderr } = await runProgram(["outbox", "list", "--json"], {
    environment: server.environment,
  });
  assert.equal(code, 0, stderr);
  const listed: Record<string, string>[] = JSON.parse(stdout);
  assert.deepEqual(listed.map(({ state, coder_message_id }) => [state, coder_message_id]), [
    ["pending", "waiting-tina"],
  ]);
});

Deno.test("a server that does not know the token, is not trusted or is not there: exit code 1, and what to do", async (t) => {
  await using server = await startKvServer();
  await using platformX = await startPlatformX();
  const away = await startKvServer();
  const gone = away.environment;
  await away[Symbol.asyncDispose]();
  const { DENO_CERT: _, ...untrusted } = server.environment;
  const rows: [string, Record<string, string>][] = [
    ["another token", { ...server.environment, DENO_KV_ACCESS_TOKEN: "another-token" }],
    ["no DENO_CERT", untrusted],
    ["nothing listens", { ...server.environment, OUTBOX: gone.OUTBOX }],
  ];
  for (const [what, environment] of rows) {
    await t.step(what, async () => {
      const { code, stdout, stderr } = await runProgram([], {
        environment: { ...outboxEnvironment(environment.OUTBOX!, platformX), ...environment },
      });
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /OUTBOX cannot be used: the KV service does not answer: check its address, DENO_KV/,
      );
      assert.ok(!`${stdout}${stderr}`.includes(environment.DENO_KV_ACCESS_TOKEN!));
    });
  }
});
