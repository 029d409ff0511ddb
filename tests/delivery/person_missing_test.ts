import assert from "node:assert/strict";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { ALICE, notificationWith, RecordingLog } from "../support/fakes.ts";

const UNKNOWN_ID = "11111111-2222-4333-8444-555555555555";
const UNKNOWN = { notification_name: "Made by Plugin", notification_template_id: UNKNOWN_ID };
const PREBUILDS = { id: "c42fdf75-3097-471c-8c33-fb52454d81c0", email: "prebuilds@system" };
const DELETED = { notification_name: "User account deleted", notification_template_id: null };

/** Rows: a payload, what the warning says, and what it must not say. */
const ROWS: readonly (readonly [payload: Record<string, unknown>, says: RegExp, not?: RegExp])[] = [
  // A Coder that is newer than this list, for which an upgrade of Coder is no help.
  [
    { ...UNKNOWN, data: null },
    /this version does not know .* Write it in EVENTS_TRACKED as 'Made by Plugin=recipient' if it is\./,
    /upgrade/,
  ],
  // What separates entries cannot stand in a list.
  [
    { ...UNKNOWN, notification_name: "Made, by; Plugin", data: null },
    new RegExp(`'${UNKNOWN_ID}=recipient'`),
  ],
  [{ data: null }, /older versions of Coder: upgrade Coder/],
  [
    { data: { owner: { id: ALICE.id, email: "" } } },
    /service account, which has no address: nothing is to be done/,
  ],
  [{ data: { owner: PREBUILDS } }, /prebuilt workspace that nobody has claimed: nothing is to be done/],
  [
    { data: { owner: { ...ALICE, email: "a@b.example,c@d.example" } } },
    /not one e-mail address: correct it there/,
  ],
  [DELETED, /never name the person's address\. With CODER_URL, Coder is asked/],
];

/** The warnings about a notification that comes twice. `canAsk`: Coder can be asked, and knows nobody. */
async function warnings(payload: Record<string, unknown>, canAsk = false): Promise<readonly string[]> {
  const log = new RecordingLog();
  const { tracking } = parseTracking("*, User account deleted", { canAsk });
  const relay = new Relay({
    rules: { tracking, domains: undefined },
    testData: false,
    delivery: { deliver: () => assert.fail("it has no person") },
    directory: canAsk ? { find: () => Promise.resolve({ kind: "unknown" }) } : undefined,
    hash: (text) => Promise.resolve(text),
    log,
    draining: new AbortController().signal,
  });
  for (const id of ["m-1", "m-2"]) await relay.receive(notificationWith(payload, id), 0);
  return log.of("person_missing").map(({ message }) => message);
}

Deno.test("why a tracked notification has no person is told once, with what helps in that case", async (t) => {
  for (const [payload, says, not = /=recipient'.*upgrade/] of ROWS) {
    await t.step(says.source, async () => {
      const told = await warnings(payload);
      assert.equal(told.length, 1);
      assert.match(told[0]!, says);
      assert.doesNotMatch(told[0]!, not);
    });
  }
  await t.step("Coder was asked, and does not know the person", async () => {
    const told = await warnings({ ...DELETED, labels: { deleted_account_name: "bob" } }, true);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /Coder does not know the person any more: nothing is to be done/);
  });
});
