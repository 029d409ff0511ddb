import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { faultsIn, OutboxScene } from "../support/outbox_program.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/service.ts";

const HAPPENINGS = 60;
const RECIPIENTS = ["tina", "omar", "uma"];

/** Posts a copy until it is acknowledged; returns the outcome. */
async function told(program: Program, happening: number, recipient: string): Promise<string> {
  const copy = notificationWith(
    { labels: { workspace: `w${happening}` }, user_id: recipient, user_email: `${recipient}@example.com` },
    `${happening}-${recipient}`,
  );
  for (let tries = 0; tries < 50; tries++) {
    const response = await program.post(copy);
    const { status, reason } = await response.json();
    if (response.ok) return status;
    assert.deepEqual([response.status, reason], [503, "outbox"]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${happening} is never acknowledged`);
}

Deno.test("two processes on one file, the copies split between them under load: one event for each happening", async () => {
  await using scene = await OutboxScene.open();
  const programs = await Promise.all([scene.start(), scene.start()]);
  scene.platformX.misbehave({ kind: "answer", status: 503 }, 2);
  const copies = Array.from(
    { length: HAPPENINGS },
    (_, happening) =>
      Promise.all(
        RECIPIENTS.map((recipient, index) => told(programs[(happening + index) % 2]!, happening, recipient)),
      ),
  );
  for (const outcomes of await Promise.all(copies)) {
    assert.deepEqual(outcomes.toSorted(), ["duplicate", "duplicate", "queued"]);
  }
  const happenings = () => scene.platformX.events.map(({ metadata }) => metadata["workspace"]).toSorted();
  await eventually(() => happenings().length >= HAPPENINGS, "every event to arrive");
  await scene.holds(programs[0]!, 0);
  assert.deepEqual(happenings(), Array.from({ length: HAPPENINGS }, (_, i) => `w${i}`).toSorted());
  for (const program of programs) assert.deepEqual(faultsIn(program), []);
});
