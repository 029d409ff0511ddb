import assert from "node:assert/strict";
import { startPlatformX } from "../support/platformx.ts";
import { notificationWith, TINA } from "../support/fakes.ts";
import type { Ended } from "../support/process.ts";
import { runProgram, type Surroundings } from "../support/service.ts";

const SENTINEL = "sentinel-0123456789";

/** Explains a body that comes over standard input. */
function explain(
  body: unknown,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Ended> {
  return runProgram(["explain", ...args], { ...surroundings, stdin: JSON.stringify(body) });
}

const LABELS = {
  workspace: "alice-dev",
  api_token: SENTINEL,
  custom_message: "typed",
  nothing: "",
  owner_id: "someone",
  told: TINA.email,
  workspace_id: "taken",
};

Deno.test("a notification that is tracked is explained: person, size, what stays out, and the event", async () => {
  const { code, stdout, stderr } = await explain(notificationWith({ labels: LABELS }));
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  const expected = [
    /^notification +Workspace Created \(tracked\)$/,
    /^person +alice@example\.com \(from data\.owner\.email\)$/,
    /^metadata +\d+ of 1000 bytes$/,
    /^left out +api_token: its name says that it is a secret$/,
    /^left out +nothing: it is empty$/,
    /^left out +owner_id: the id of a person$/,
    /^left out +told: the recipient's address$/,
    /^left out +workspace_id: another field has its name$/,
    /^never sent +recipient, title, body, actions, build parameters$/,
  ];
  for (const line of expected) {
    assert.equal(lines.filter((each) => line.test(each)).length, 1, `${line} in\n${stdout}`);
  }
  const event = JSON.parse(stdout.slice(stdout.indexOf("{")));
  assert.deepEqual([event.name, event.email], ["Workspace Created", "alice@example.com"]);
  assert.ok(!stdout.includes(SENTINEL));
});

Deno.test("with --json the same is there for programs", async () => {
  const { code, stdout } = await explain(notificationWith({ labels: LABELS }), ["--json"]);
  assert.equal(code, 0);
  const { event, left_out, metadata_bytes, ...rest } = JSON.parse(stdout);
  assert.deepEqual(rest, {
    notification: "Workspace Created",
    sent: true,
    person: { email: "alice@example.com", found_in: "data.owner.email" },
    metadata_limit: 1000,
    cut: [],
    dropped: [],
  });
  assert.equal(metadata_bytes, JSON.stringify(event.metadata).length);
  const labels = left_out.map(({ label }: { label: string }) => label).sort();
  assert.deepEqual(labels, ["api_token", "nothing", "owner_id", "told", "workspace_id"]);
  assert.equal(event.metadata.custom_message, "typed", "no free text of this notification");
  assert.ok(!stdout.includes(SENTINEL));
});

Deno.test("what does not fit is said to be cut or dropped", async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`label_${i + 10}`, "x".repeat(100)]));
  const body = notificationWith({ labels: { workspace: "w".repeat(900), ...many } });
  const { stdout } = await explain(body, ["--json"]);
  const { cut, dropped, event, metadata_bytes } = JSON.parse(stdout);
  assert.ok(cut.includes("workspace") && dropped.includes("coder_message_id") && metadata_bytes <= 1000);
  assert.deepEqual(dropped.filter((key: string) => key in event.metadata), []);
  const text = (await explain(body)).stdout;
  assert.match(text, /^cut +workspace: to fit the limit$/m);
  assert.match(text, /^dropped +coder_message_id: to fit the limit$/m);
});

Deno.test("a notification that is not forwarded is explained by the reason", async (t) => {
  const rows: [
    payload: Record<string, unknown>,
    environment: Record<string, string>,
    reason: string,
    words: RegExp,
  ][] = [
    [
      {},
      { EVENTS_TRACKED: "Workspace Deleted" },
      "not_tracked",
      /^Workspace Created: not sent: .*\nIt would be with:\n {2}EVENTS_TRACKED="Workspace Deleted, Workspace Created"\n/,
    ],
    [{ data: null }, {}, "no_person", /^Workspace Created: not sent: data\.owner\.email holds no address/],
    [
      {},
      { EMAIL_DOMAINS: "example.org" },
      "domain",
      /^Workspace Created: not sent: .*EMAIL_DOMAINS.*\n.*\n {2}add example\.com to EMAIL_DOMAINS\n/,
    ],
  ];
  for (const [payload, environment, reason, words] of rows) {
    await t.step(reason, async () => {
      const { code, stdout } = await explain(notificationWith(payload), [], { environment });
      assert.equal(code, 0);
      assert.match(stdout, words);
      const json = JSON.parse((await explain(notificationWith(payload), ["--json"], { environment })).stdout);
      assert.deepEqual([json.notification, json.sent, json.reason], ["Workspace Created", false, reason]);
      assert.equal(json.event?.email, reason === "no_person" ? undefined : "alice@example.com");
    });
  }
});

Deno.test("of a password-reset code nothing is shown, however it is told", async (t) => {
  const rows: Record<string, unknown>[] = [
    {
      notification_name: "One-Time Passcode",
      notification_template_id: "62f86a30-2330-4b61-a26d-311ff3b608cf",
    },
    { notification_name: "one-time  passcode", notification_template_id: "" },
    { notification_name: "Renamed", notification_template_id: "62F86A30-2330-4B61-A26D-311FF3B608CF" },
    { notification_name: "Renamed", notification_template_id: "00000000-0000-4000-8000-000000000000" },
  ];
  for (const payload of rows) {
    for (const args of [[], ["--json"]]) {
      await t.step(`${JSON.stringify(payload)} ${args}`, async () => {
        const labels = { one_time_passcode: SENTINEL };
        const body = {
          ...notificationWith({ ...payload, labels, actions: [{ url: SENTINEL }] }),
          body: SENTINEL,
        };
        const { code, stdout, stderr } = await explain(body, args, { environment: { EVENTS_TRACKED: "*" } });
        assert.deepEqual([code, stderr], [0, ""]);
        assert.match(stdout, /dropped unread/);
        assert.ok(!stdout.includes(SENTINEL) && !stdout.includes("@"), stdout);
      });
    }
  }
});

Deno.test("a file is read as standard input is", async () => {
  const files = { "body.json": JSON.stringify(notificationWith()) };
  const { code, stdout } = await runProgram(["explain", "body.json", "--json"], { files });
  assert.deepEqual([code, JSON.parse(stdout).sent], [0, true]);
});

Deno.test("what is no notification, or cannot be read, ends with code 1 and says why", async (t) => {
  const rows: [args: string[], stdin: string | Uint8Array, words: RegExp][] = [
    [["-"], "", /^Standard input is empty: it must hold the body of a webhook as JSON\n$/],
    [["-"], "{", /^Standard input must be JSON, and breaks its rules at its end/],
    [["-"], "```\nnothing\n```", /^Standard input must be JSON, and breaks its rules/],
    [["-"], new Uint8Array([0x22, 0xff, 0x22]), /^Standard input must be JSON in UTF-8/],
    [
      ["-"],
      `"${"x".repeat(1024 * 1024)}"`,
      /^Standard input cannot be read: it must have at most 1048576 bytes/,
    ],
    [["-"], "{}", /^Not a Coder notification: msg_id must be text: it is missing\n$/],
    [["-"], "[]", /^Not a Coder notification: the body must be an object: it is a list\n$/],
    [["missing.json"], "", /^'missing\.json' cannot be read: there is no such file\n$/],
    [["."], "", /^'\.' cannot be read: it is a folder/],
    [["missing\x1b[31m.json"], "", /^'missing\\u\{1b\}\[31m\.json' cannot be read/],
  ];
  for (const [args, stdin, words] of rows) {
    await t.step(`${args} ${stdin.slice(0, 20)}`, async () => {
      const { code, stdout, stderr } = await runProgram(["explain", ...args], { stdin });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, words);
    });
  }
});

Deno.test("what was pasted with a body is left out, and told", async (t) => {
  const body = JSON.stringify(notificationWith(), null, 2);
  const rows: [text: string, words: RegExp][] = [
    [
      "```json\n" + body + "\n```\n",
      /^Standard input is no JSON by itself: the ``` fences around it were left out\n$/,
    ],
    [`2026-11-28T01:02:03Z coderd: body=${body}`, /^Standard input is no JSON by itself: the text around it/],
  ];
  for (const [stdin, words] of rows) {
    await t.step(stdin.slice(0, 10), async () => {
      const { code, stdout, stderr } = await runProgram(["explain", "--json"], { stdin });
      assert.deepEqual([code, JSON.parse(stdout).sent], [0, true]);
      assert.match(stderr, words);
    });
  }
});

Deno.test("a configuration that is not usable ends with code 2, before anything is read", async () => {
  const { code, stdout, stderr } = await explain("no notification", [], {
    environment: { EMAIL_DOMAINS: "@" },
  });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /EMAIL_DOMAINS: '@' can match nobody/);
});

Deno.test("nothing is sent, and no key is needed", async () => {
  await using platformX = await startPlatformX();
  const environment = { GETDX_API_URL: platformX.url };
  assert.equal((await explain(notificationWith(), [], { environment })).code, 0);
  assert.equal(platformX.requests, 0);
});

Deno.test("no text of a notification moves the cursor, colours the terminal or turns its direction", async (t) => {
  const hostile = "a\x1b[31m\x9b31m\u202e\x7f\u2028b";
  const rows: [where: string, payload: Record<string, unknown>][] = [
    ["a label", { labels: { workspace: hostile, [`x${hostile}`]: "v", [`key${hostile}`]: "left out" } }],
    ["an address", { data: { owner: { email: `${hostile}@example.com` } } }],
    ["a name", { notification_name: hostile, notification_template_id: "" }],
    ["a name without a person", { notification_name: hostile, notification_template_id: "", data: null }],
  ];
  for (const [where, payload] of rows) {
    for (const args of [[], ["--json"]]) {
      await t.step(`${where} ${args}`, async () => {
        const environment = { EVENTS_TRACKED: "*" };
        const { code, stdout } = await explain(notificationWith(payload), args, { environment });
        assert.equal(code, 0);
        const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(stdout.replaceAll("\n", ""));
        assert.equal(unfit && `U+${unfit[0].codePointAt(0)!.toString(16)}`, null);
      });
    }
  }
});
