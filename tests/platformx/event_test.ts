import assert from "node:assert/strict";
import { answered, attribute, type Attributed } from "../../lib/coder/attribution.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { buildEvent, type FirstCopy } from "../../lib/platformx/event.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { IDS, notificationWith, parsed } from "../support/fakes.ts";
import { sampleOf as webhookOf } from "../support/samples.ts";

const SAMPLES = new URL("../fixtures/coder/", import.meta.url);
const ARRIVED = Date.parse("2026-09-14T09:00:00.750Z");
const FIRST: FirstCopy = { messageId: IDS.message, arrivedAt: ARRIVED };

/** Everything that can be tracked is. */
const RULES = {
  tracking: parseTracking(CATALOGUE.filter((row) => !row.secret).map((row) => row.name).join(",")).tracking,
  domains: undefined,
};

Deno.test("each of Coder's notifications becomes the event of its snapshot", async (t) => {
  const samples = [...Deno.readDirSync(SAMPLES)].map(({ name }) => name).filter((name) =>
    name.endsWith(".json")
  ).map((file) => file.replace(".json", ""));
  for (const sample of samples.sort()) {
    await t.step(sample, async (t) => {
      const attribution = attribute(sampleOf(sample), RULES);
      // As text, because the order of metadata is part of what is promised.
      await t.assertSnapshot(JSON.stringify(shown(attribution), null, 2));
    });
  }
});

Deno.test("where Coder is asked, the samples that name a person become the events of their snapshots", async (t) => {
  const rules = { tracking: parseTracking("*", { canAsk: true }).tracking, domains: undefined };
  for (const { name, ask } of CATALOGUE) {
    if (ask === undefined) continue;
    await t.step(name, async (t) => {
      const sample = webhookOf({ name });
      const asking = attribute(parsed(sample), rules);
      assert.ok(asking.kind === "ask" && "id" in asking.whom, asking.kind);
      const username = sample.payload.labels[ask.label] ?? assert.fail(`no label ${ask.label}`);
      const user = { ...asking.whom, username, email: `${username}@example.com` };
      const attribution = answered(asking, user, rules);
      assert.ok(!JSON.stringify(shown(attribution)).includes(user.id), "the person's id");
      await t.assertSnapshot(JSON.stringify(shown(attribution), null, 2));
    });
  }
});

function sampleOf(name: string) {
  return parsed(JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, SAMPLES))));
}

function shown(attribution: ReturnType<typeof attribute>): unknown {
  if (attribution.kind !== "attributed") return attribution;
  const { notification: { messageId, row }, source, kind } = attribution;
  const { event, fitted, leftOut } = buildEvent(attribution, {
    first: { messageId, arrivedAt: ARRIVED },
    testData: false,
  });
  assert.deepEqual(event.metadata, fitted.metadata);
  const { bytes, cut, dropped } = fitted;
  return { kind, row: row?.name, source, event, bytes, cut, dropped, leftOut };
}

/** The event of a notification; fails when it is nobody's. */
function eventOf(payload: Record<string, unknown>, options = { first: FIRST, testData: false }) {
  const notification = parsed(notificationWith(payload));
  const attribution = attribute(notification, RULES);
  assert.equal(attribution.kind, "attributed");
  return buildEvent(attribution as Attributed, options).event;
}

Deno.test("the time is Coder's where that is believable, else the arrival, in whole seconds", async (t) => {
  const arrival = "2026-09-14T09:00:00Z";
  const rows: [timestamp: unknown, time: string][] = [
    ["2026-09-14T08:24:05Z", "2026-09-14T08:24:05Z"],
    ["2026-09-14T08:24:05.118730462Z", "2026-09-14T08:24:05Z"],
    ["2026-09-14T08:24:05.999999999Z", "2026-09-14T08:24:05Z"],
    ["2026-09-14T10:24:05.5+02:00", "2026-09-14T08:24:05Z"],
    ["2026-09-14T02:54:05-05:30", "2026-09-14T08:24:05Z"],
    ["2021-01-01T00:00:00Z", "2021-01-01T00:00:00Z"],
    ["2026-09-14T09:00:00.750Z", arrival],
    // From here on, it is not believed.
    ["2026-09-14T09:00:01Z", arrival],
    ["2026-09-14T09:24:05Z", arrival],
    ["2126-09-14T08:24:05Z", arrival],
    ["2020-12-31T23:59:59Z", arrival],
    ["0001-01-01T00:00:00Z", arrival],
    ["1970-01-01T00:00:00Z", arrival],
    ["2026-09-14T08:24:05", arrival],
    ["2026-09-14 08:24:05Z", arrival],
    ["2026-09-14", arrival],
    ["2026-13-14T08:24:05Z", arrival],
    ["2026-02-30T08:24:05Z", arrival],
    ["2026-09-13T24:00:00Z", arrival],
    ["2026-09-14T08:24:05+25:00", arrival],
    ["last Monday", arrival],
    ["", arrival],
    ["1789374245", arrival],
    [1789374245, arrival],
    [1789374245000, arrival],
    [null, arrival],
    [undefined, arrival],
    [["2026-09-14T08:24:05Z"], arrival],
  ];
  for (const [timestamp, time] of rows) {
    await t.step(String(JSON.stringify(timestamp)), () => {
      const data = { owner: { email: "alice@example.com" }, timestamp };
      assert.equal(eventOf({ data }).timestamp, String(Date.parse(time) / 1000));
    });
  }
});

Deno.test("the event is that of the occurrence's first copy, whichever copy makes it", () => {
  const first = { messageId: "the-first", arrivedAt: ARRIVED };
  const copies = ["m1", "m2"].map((messageId) => {
    const notification = parsed(notificationWith({ user_id: messageId }, messageId));
    const attribution = attribute(notification, RULES) as Attributed;
    return JSON.stringify(buildEvent(attribution, { first, testData: false }).event);
  });
  assert.equal(copies[0], copies[1]);
  assert.match(copies[0]!, /"coder_message_id":"the-first"/);
});

Deno.test("test_data is on the event only when the operator asked for it", () => {
  assert.equal("test_data" in eventOf({}), false);
  assert.equal(eventOf({}, { first: FIRST, testData: true }).test_data, true);
});

Deno.test("the event is the documented one, field by field", () => {
  assert.deepEqual(eventOf({}), {
    name: "Workspace Created",
    email: "alice@example.com",
    timestamp: "1789376400",
    metadata: {
      workspace: "alice-dev",
      template: "docker-go",
      template_version: "brave_turing4",
      workspace_id: IDS.workspace,
      template_id: IDS.template,
      organization_id: IDS.organization,
      coder_message_id: IDS.message,
    },
  });
});
