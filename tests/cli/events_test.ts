import assert from "node:assert/strict";
import { eventsJson, eventsText } from "../../lib/cli/events.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { DEFAULT_EVENTS_TRACKED, parseTracking } from "../../lib/coder/tracking.ts";

/** A tracking, and the names that are then tracked; null: not known. */
const TRACKINGS: readonly (readonly [list: string | undefined, tracked: readonly string[] | null])[] = [
  [DEFAULT_EVENTS_TRACKED.join(), DEFAULT_EVENTS_TRACKED],
  ["Workspace Deleted, Template Deleted, Zork=user", ["Workspace Deleted", "Template Deleted"]],
  [
    "*",
    CATALOGUE.filter((row) => row.person !== "none" && !row.onlyByName && !row.secret).map(({ name }) =>
      name
    ),
  ],
  [
    "*, Test Notification",
    CATALOGUE.filter((row) => row.person !== "none" && row.name !== "Custom Notification" && !row.secret).map(
      ({ name }) => name,
    ),
  ],
  [undefined, null],
];

const trackingOf = (list: string | undefined) =>
  list === undefined ? undefined : parseTracking(list).tracking;

Deno.test("every notification has a row under a head, which tells whether it is tracked, by default and now", async (t) => {
  for (const [list, tracked] of TRACKINGS) {
    await t.step(String(list), () => {
      const [head, ...lines] = eventsText(trackingOf(list)).split("\n");
      assert.match(head!, /^NOTIFICATION +WHOSE +IN CODER +DEFAULT +NOW +NOTE$/);
      const columns = [...head!.matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index);
      const cells = lines.map((line) => columns.map((from, i) => line.slice(from, columns[i + 1]).trim()));
      for (const [i, { ask, name, note, offByDefault, person, secret }] of CATALOGUE.entries()) {
        const whose = person !== "none" ? person : ask === undefined ? "never a person" : "ask Coder";
        const isDefault = DEFAULT_EVENTS_TRACKED.includes(name) ? "yes" : "";
        const now = tracked === null ? "?" : tracked.includes(name) ? "yes" : "";
        const expected = [
          name,
          secret ? "dropped" : whose,
          offByDefault ? "off" : "on",
          isDefault,
          now,
          note,
        ];
        assert.deepEqual(cells[i], expected);
      }
      const others = cells.slice(CATALOGUE.length).map(([name, whose, , , now]) => [name, whose, now]);
      assert.deepEqual(others, list?.includes("Zork") ? [["Zork", "user", "yes"]] : []);
    });
  }
});

Deno.test("for programs there are template ids and former names too", () => {
  const rows = JSON.parse(eventsJson(trackingOf("Workspace Created, Zork, Zarf=owner")));
  assert.deepEqual(rows.map(({ name }: { name: string }) => name), [
    ...CATALOGUE.map(({ name }) => name),
    "Zork",
    "Zarf",
  ]);
  const rowOf = (name: string) => rows.find((row: { name: string }) => row.name === name);
  const { note: _, ...created } = rowOf("Workspace Created");
  assert.deepEqual(created, {
    name: "Workspace Created",
    template_id: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
    other_names: [],
    whose: "owner",
    off_by_default: true,
    tracked_by_default: true,
    tracked: true,
  });
  assert.equal(rowOf("One-Time Passcode").whose, "none");
  assert.ok(rowOf("Workspace Updated Automatically").other_names.includes("Workspace Automatically Updated"));
  assert.deepEqual([rowOf("Zork").whose, rowOf("Zarf").whose, rowOf("Zarf").tracked], [
    "unknown",
    "owner",
    true,
  ]);
  assert.equal(rowOf("Workspace Deleted").tracked, false);
  const [first] = JSON.parse(eventsJson(undefined));
  assert.equal(first.tracked, null);
});

Deno.test("a name of the operator's breaks no line and no JSON", () => {
  const tracking = parseTracking("Workspace Created, a\x1b[31m\u202eb=user").tracking;
  assert.ok(eventsText(tracking).includes("a\\u{1b}[31m\\u{202e}b"));
  assert.ok(eventsJson(tracking).includes("a\\u001b[31m\\u202eb"));
});
