import assert from "node:assert/strict";
import { compare } from "../../tools/demo/check.ts";
import type { ReceivedEvent } from "../support/platformx_rules.ts";
import { howToTry, report } from "../../tools/demo/show.ts";
import type { Exchange } from "../../tools/demo/story.ts";
import { eventually } from "../support/eventually.ts";
import { Child, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { answered } from "../support/service.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";

/** `deno task demo`, as a newcomer starts it. */
const DEMO = [Deno.execPath(), "task", "--quiet", "demo"];
const AT = { cwd: fileOf("") };

/** Cells of the table's rows: notification, recipient, outcome, person, bytes. */
function rowsIn(output: string): string[][] {
  return output.split("\n").filter((line) => line.startsWith("  ")).map((line) => line.trim().split(/ {2,}/))
    .filter((cells) => cells.length === 5);
}

Deno.test("the demo ends by itself and shows what became of each notification", async (t) => {
  const { code, stdout: output, stderr } = await run(DEMO, AT);
  assert.deepEqual([code, stderr], [0, ""], output);
  for (const line of output.split("\n")) assert.ok(line.length <= 120, `too wide: ${line}`);
  assert.ok(!output.includes("\x1b"), "colour where nobody looks on");

  const [head, ...rows] = rowsIn(output);
  assert.deepEqual(head, ["notification", "recipient", "outcome", "person", "bytes"]);
  for (const { name } of CATALOGUE) assert.ok(rows.some(([shown]) => shown === name), `no row for ${name}`);

  for (const row of SHOWN_ONCE) {
    await t.step(`one row: ${row.join(" ")}`, () => {
      const same = rows.filter((cells) => row.every((cell, at) => cell === cells[at]));
      assert.equal(same.length, 1, output);
    });
  }
  const unavailable = rows.filter(([, , outcome]) => outcome === "503 unavailable platformx");
  assert.ok(unavailable.length >= 1, output);
});

/** How rows begin that show what a newcomer should understand. */
const SHOWN_ONCE: readonly (readonly string[])[] = [
  ["Workspace Created", "tina@example.com", "200 forwarded", "alice@example.com"],
  ["Workspace Created", "omar@example.com", "200 duplicate", "-", "-"],
  ["Workspace Created", "uma@example.com", "200 duplicate", "-", "-"],
  ["Workspace Created", "tina@example.com", "200 duplicate", "-", "-"],
  ["User account created", "omar@example.com", "200 forwarded", "nina@example.com"],
  ["User account created", "omar@example.com", "200 ignored no_person", "-", "-"],
  ["User account deleted", "omar@example.com", "200 forwarded", "nina@example.com"],
  ["One-Time Passcode", "alice@example.com", "200 ignored secret", "-", "-"],
  ["Template Deprecated", "bob@example.com", "200 forwarded", "bob@example.com"],
];

Deno.test("three stories come first, then the first event as JSON, then everything else, then where to look", async () => {
  const { stdout } = await run(DEMO, AT);
  const event = /\n(\{\n[^]*?\n\})\n/.exec(stdout)?.[1] ?? assert.fail(stdout);
  assert.equal(JSON.parse(event).email, "alice@example.com");
  const places = [
    ...[
      "three administrators",
      "sends the first one again",
      "PlatformX is down",
      event,
      "Every other notification",
    ],
    ...["webhooks sent", "Next: 'npx -y deno@", " demo --serve'", " demo --outage'"],
  ].map((text) => stdout.indexOf(text));
  assert.ok(!places.includes(-1), stdout);
  assert.deepEqual(places, places.toSorted((a, b) => a - b));
});

Deno.test("with --outage everything is stored while PlatformX is down, outlives a kill and arrives once", async () => {
  const { code, stdout, stderr } = await run([...DEMO, "--outage"], AT);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  const outcomes = rowsIn(stdout).slice(1).map(([, , outcome, person]) => [outcome, person]);
  const stored = (person: string) => ["202 queued", person];
  assert.deepEqual(outcomes, [
    ...["alice@example.com", "alice@example.com", "alice@example.com"].map(stored),
    ["200 duplicate", "-"],
    ["200 duplicate", "-"],
    stored("bob@example.com"),
    ["200 duplicate", "-"],
  ]);
  const [, event = ""] = /The first row's event, .*\n(\{\n[^]*?\n\})\n/.exec(stdout) ?? [];
  assert.equal(JSON.parse(event).name, rowsIn(stdout)[1]![0]);
  assert.match(stdout, / demo --serve'/);
  assert.doesNotMatch(stdout, / demo --outage'/, "it offers what was just seen");
});

for (const args of [["--server"], ["--serve", "8080"]]) {
  Deno.test(`the demo answers '${args.join(" ")}' with its usage`, async () => {
    const { code, stderr } = await run([...DEMO, ...args], AT);
    assert.deepEqual([code, stderr], [2, "usage: deno task demo [--serve] [--outage]\n"]);
  });
}

Deno.test({
  name: "with --serve the demo ends when nobody reads on",
  ignore: Deno.build.os === "windows", // it has no `head`
  async fn() {
    const piped = ["sh", "-c", '"$@" | head -n 1', "sh", ...DEMO, "--serve"];
    const { code, stdout, stderr } = await run(piped, AT);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^This demo plays Coder.*\n$/);
  },
});

Deno.test("a port that is taken is told, with the one in its place", () => {
  const told = { url: "http://127.0.0.1:9/", endpoint: "http://coder:s@127.0.0.1:9/", secret: "s" };
  assert.match(howToTry({ ...told, instead: 8080 }), /free one: 8080 is taken/);
  assert.doesNotMatch(howToTry({ ...told, instead: undefined }), /taken/);
});

Deno.test({
  name: "with --serve the printed curl line works until Ctrl-C, after which nothing runs any more",
  ignore: Deno.build.os === "windows", // no signal reaches another process there
  async fn() {
    await using demo = new Child([...DEMO, "--serve"], AT);
    const printed = async (pattern: RegExp) => {
      const seen = () => demo.told;
      const found = await eventually(() => demo.isOver || pattern.exec(demo.stdout), `${pattern}`, { seen });
      return Array.isArray(found) ? found : assert.fail(demo.told);
    };
    const [, url] = await printed(/^The page: (\S+)\?details /m);
    const [, user, type, body] = await printed(/^curl -u '(.+?)' -H '(.+?)' -d '(.+?)' \S+$/m);
    await printed(/What arrives at PlatformX:\n/);
    const authorization = `Basic ${new TextEncoder().encode(user).toBase64()}`;
    const headers = { authorization, "content-type": type!.replace("Content-Type: ", "") };

    for (const expected of ["forwarded", "duplicate"]) {
      const [, status] = await answered(fetch(url!, { method: "POST", headers, body: body! }));
      assert.equal(status, expected);
    }
    const [, arrived] = await printed(/PlatformX:\n(\{[^]*?"email": "you@example.com"[^]*?\n\})$/m);
    assert.equal(JSON.parse(arrived!).name, "Workspace Created");
    assert.equal((await (await fetch(url!)).json()).status, "ok");

    demo.signal("SIGINT");
    const { code, stderr } = await demo.ended();
    assert.deepEqual([code, stderr], [0, ""]);
    await assert.rejects(fetch(url!), TypeError);
  },
});

const FORWARDED: Exchange = {
  scene: "One",
  notification: "Workspace Created",
  recipient: "tina@example.com",
  messageId: "m1",
  expected: "200 forwarded",
  person: "alice@example.com",
  outcome: "200 forwarded",
};
const COPY: Exchange = {
  ...FORWARDED,
  recipient: "omar@example.com",
  messageId: "m2",
  expected: "200 duplicate",
  person: undefined,
  outcome: "200 duplicate",
};
const EVENT: ReceivedEvent = {
  name: "Workspace Created",
  email: "alice@example.com",
  timestamp: "1780000000",
  metadata: { workspace: "analysis", coder_message_id: "m1" },
};
const FIRST = "Workspace Created to tina@example.com (m1), answered '200 forwarded'";
const SECOND = "Workspace Created to omar@example.com (m2), answered";

const comparisons: {
  readonly what: string;
  readonly exchanges?: readonly Exchange[];
  readonly record?: readonly ReceivedEvent[];
  readonly problems: readonly string[];
}[] = [
  { what: "answers and record that agree", problems: [] },
  { what: "an event that was lost", record: [], problems: [`${FIRST}: events arrived: 0 instead of 1`] },
  {
    what: "an event that was doubled",
    record: [EVENT, EVENT],
    problems: [`${FIRST}: events arrived: 2 instead of 1`],
  },
  {
    what: "an event about the wrong person",
    record: [{ ...EVENT, email: "tina@example.com" }],
    problems: [`${FIRST}: the event is about tina@example.com instead of alice@example.com`],
  },
  {
    what: "an event with the wrong name",
    record: [{ ...EVENT, name: "Workspace Deleted" }],
    problems: [`${FIRST}: the event is called 'Workspace Deleted'`],
  },
  {
    what: "an event of a copy that was answered as a duplicate",
    record: [EVENT, { ...EVENT, metadata: { coder_message_id: "m2" } }],
    problems: [
      `${SECOND} '200 duplicate': events arrived: 1 instead of 0`,
      `${SECOND} '200 duplicate': the event is about alice@example.com instead of nobody`,
    ],
  },
  {
    what: "a copy that was forwarded as well",
    exchanges: [FORWARDED, { ...COPY, outcome: "200 forwarded" }],
    problems: [
      `${SECOND} '200 forwarded': it should be answered '200 duplicate'`,
      `${SECOND} '200 forwarded': events arrived: 0 instead of 1`,
    ],
  },
  {
    what: "a repetition that was forwarded as well",
    exchanges: [FORWARDED, {
      ...COPY,
      recipient: "tina@example.com",
      messageId: "m1",
      outcome: "200 forwarded",
    }],
    record: [EVENT, EVENT],
    problems: [
      `${FIRST}: events arrived: 2 instead of 1`,
      `${FIRST}: it should be answered '200 duplicate'`,
      `${FIRST}: events arrived: 0 instead of 1`,
    ],
  },
  {
    what: "a service that answers nothing but errors",
    exchanges: [{ ...FORWARDED, outcome: "401 error unauthorized" }],
    record: [],
    problems: [
      "Workspace Created to tina@example.com (m1), answered '401 error unauthorized': it should be answered " +
      "'200 forwarded'",
    ],
  },
  {
    what: "an event that no webhook asked for",
    record: [EVENT, { ...EVENT, email: "eve@example.com", metadata: {} }],
    problems: ["An event arrived that no webhook asked for: Workspace Created, about eve@example.com"],
  },
];

for (const { what, exchanges = [FORWARDED, COPY], record = [EVENT], problems } of comparisons) {
  Deno.test(`the demo's check ${problems.length === 0 ? "accepts" : "reports"} ${what}`, () => {
    const comparison = compare(exchanges, record);
    assert.deepEqual(comparison.problems, problems);
    assert.deepEqual(comparison.rows.map(({ exchange }) => exchange), exchanges);

    const said: string[] = [];
    const code = report(comparison, record, { out: () => {}, err: (text) => said.push(text) });
    assert.equal(code, problems.length === 0 ? 0 : 1);
    assert.equal(said.length, problems.length);
  });
}
