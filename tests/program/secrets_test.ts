/** Plants a sentinel wherever a secret can be, runs the real program, and looks for it wherever it must not be. */
import assert from "node:assert/strict";
import { startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { type Program, startProgram } from "../support/service.ts";

/** Texts that must never be seen again. */
const SECRET = {
  key: "sentinel-key-1f0c",
  webhookSecret: "sentinel-webhook-2a7d",
  previousSecret: "sentinel-previous-3b9e",
  readSecret: "sentinel-read-4c1f",
  wrongSecret: "sentinel-wrong-5d20",
  tokenLabel: "sentinel-token-6e31",
  passwordLabel: "sentinel-password-7f42",
  secretLabel: "sentinel-secret-8053",
  credentialLabel: "sentinel-credential-9164",
  keyLabel: "sentinel-keylabel-a275",
  parameter: "sentinel-parameter-b386",
  action: "sentinel-action-c497",
  title: "sentinel-title-d5a8",
  body: "sentinel-body-e6b9",
  freeText: "sentinel-freetext-f7ca",
  passcode: "sentinel-passcode-08db",
  header: "sentinel-header-19ec",
  cookie: "sentinel-cookie-2afd",
  query: "sentinel-query-3b0e",
  brokenBody: "sentinel-broken-4c1f",
  wrongType: "sentinel-wrongtype-5d20",
  unknownField: "sentinel-unknown-6e31",
} as const;

/** Addresses, and whether they may be sent on. */
const EMAIL = {
  person: "person.4d2a@example.com",
  recipient: "recipient.5e3b@example.com",
  inLabel: "label.6f4c@example.com",
  inName: "name.705d@example.com",
  inMessageId: "message.816e@example.com",
  inWords: "words.927f@example.com",
  inWordsEncoded: "encoded.a380@example.com",
} as const;

const RECIPIENT_ID = "5a5a5a5a-0000-4000-8000-00000000aaaa";

/** PlatformX's words when it is angry: everything it knows, and a line that poses as ours. */
const WORDS = `bad key ${SECRET.key} for ${EMAIL.inWords} ` +
  `${EMAIL.inWordsEncoded.replace("@", "%40")}\n{"level":"ERROR","event":"forged"}\r\x1b[31m`;

function notification(messageId: string, payload: Record<string, unknown> = {}): object {
  return {
    _version: "1.1",
    msg_id: messageId,
    title: SECRET.title,
    title_markdown: SECRET.title,
    body: SECRET.body,
    body_markdown: SECRET.body,
    novelty: SECRET.unknownField,
    payload: {
      _version: "1.2",
      notification_name: "Workspace Created",
      notification_template_id: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
      user_id: RECIPIENT_ID,
      user_email: EMAIL.recipient,
      user_name: SECRET.unknownField,
      user_username: SECRET.unknownField,
      novelty: SECRET.unknownField,
      actions: [{ label: SECRET.action, url: `https://coder.example.com/?token=${SECRET.action}` }],
      labels: {
        workspace: messageId,
        initiator: EMAIL.inLabel,
        git_token: SECRET.tokenLabel,
        DB_PASSWORD: SECRET.passwordLabel,
        client_secret: SECRET.secretLabel,
        awsCredentials: SECRET.credentialLabel,
        ssh_key: SECRET.keyLabel,
        admin_id: RECIPIENT_ID,
      },
      data: {
        owner: { id: "6b6b6b6b-0000-4000-8000-00000000bbbb", email: EMAIL.person, name: SECRET.unknownField },
        parameters: [{ name: "anything", value: SECRET.parameter }],
        novelty: SECRET.unknownField,
      },
      targets: [],
      ...payload,
    },
  };
}

const CUSTOM = {
  notification_name: "Custom Notification",
  notification_template_id: "39b1e189-c857-4b0c-877a-511144c18516",
  user_email: EMAIL.person,
  labels: { custom_title: SECRET.freeText, custom_message: SECRET.freeText },
  data: null,
};
const UNKNOWN = {
  notification_name: `For ${EMAIL.inName}`,
  notification_template_id: "00000000-0000-4000-8000-000000000000",
  labels: { title: SECRET.freeText, message: SECRET.freeText, description: SECRET.freeText, fine: "fine" },
};
const PASSCODE = {
  notification_name: "One-Time Passcode",
  notification_template_id: "62f86a30-2330-4b61-a26d-311ff3b608cf",
  labels: { one_time_passcode: SECRET.passcode },
  actions: [{ url: `https://coder.example.com/?otp=${SECRET.passcode}&email=${EMAIL.recipient}` }],
};

/** Of PlatformX, in order; the last one for ever. */
const ANSWERS = [
  [200, { ok: true }],
  [200, { ok: true }],
  [200, { ok: true }],
  [422, { ok: false, error: "invalid", error_details: { message: WORDS } }],
  [503, { ok: false, error: WORDS }],
  [401, { ok: false, message: WORDS }],
] as const;

/** Sends everything that can hold a secret, and returns all that was answered: heads and bodies. */
async function sendEverything(program: Program): Promise<string[]> {
  const secret = { authorization: `Basic ${btoa(`coder:${SECRET.webhookSecret}`)}` };
  const previous = { authorization: `Bearer ${SECRET.previousSecret}` };
  const wrong = { authorization: `Basic ${btoa(`coder:${SECRET.wrongSecret}`)}` };
  const read = { authorization: `Basic ${btoa(`coder:${SECRET.readSecret}`)}` };
  const extra = {
    "x-api-key": SECRET.header,
    "user-agent": SECRET.header,
    cookie: `session=${SECRET.cookie}`,
  };
  const wrongType = (messageId: unknown, labels: unknown) => ({
    msg_id: messageId,
    payload: { notification_name: "n", labels, data: SECRET.wrongType },
  });
  const answers: Response[] = [];
  const post = async (body: unknown, headers: Record<string, string> = secret) => {
    answers.push(await program.post(body, { ...extra, ...headers }));
  };
  await post(notification("m-1"));
  await post(notification(EMAIL.inMessageId, CUSTOM));
  await post(notification("m-3", UNKNOWN), previous);
  await post(notification("m-4"));
  await post(notification("m-5", PASSCODE));
  await post(notification("m-6", { data: null }));
  await post(notification("m-7"), wrong);
  await post(`{"msg_id":"${SECRET.brokenBody}`);
  await post(`"${SECRET.brokenBody}"`);
  await post(wrongType([SECRET.wrongType], {}));
  await post(wrongType("m-8", { [EMAIL.inName]: [SECRET.wrongType] }));
  await post(notification("m-9"));
  await post(notification("m-10"));
  const query = `?token=${SECRET.query}&details`;
  for (const path of [query, `hook${query}`, `${SECRET.query}/${EMAIL.inName}`]) {
    for (const headers of [{}, wrong, read, secret]) {
      answers.push(await fetch(program.url + path, { headers: { ...extra, ...headers } }));
      const init = { method: "POST", body: SECRET.body, headers: { ...extra, ...headers } };
      answers.push(await fetch(program.url + path, init));
      answers.push(await fetch(program.url + path, { method: "DELETE", headers: { ...extra, ...headers } }));
    }
  }
  const texts = answers.map(async (answer) => JSON.stringify([...answer.headers]) + await answer.text());
  return await Promise.all(texts);
}

/** Fails when one of the texts is in there, as it is or encoded as headers and addresses encode it. */
function assertAbsent(where: string, haystack: string, texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) {
    for (const shape of [text, btoa(text), btoa(`coder:${text}`), encodeURIComponent(text)]) {
      const at = haystack.toLowerCase().indexOf(shape.toLowerCase());
      assert.ok(at < 0, `${name} is in ${where}: …${haystack.slice(Math.max(0, at - 200), at + 100)}…`);
    }
  }
}

const RUNS: readonly Record<string, string>[] = [
  { LOG_LEVEL: "INFO" },
  { LOG_LEVEL: "DEBUG" },
  { LOG_LEVEL: "DEBUG", LOG_FORMAT: "text" },
  { LOG_LEVEL: "DEBUG", DRY_RUN: "true" },
];

for (const run of RUNS) {
  Deno.test(`no secret leaves, and an address only where it may: ${JSON.stringify(run)}`, async () => {
    await using upstream = await startPlatformX();
    for (const [i, [status, body]] of ANSWERS.entries()) {
      const isLast = i === ANSWERS.length - 1;
      upstream.misbehave({ kind: "answer", status, body: JSON.stringify(body) }, isLast ? Infinity : 1);
    }
    await using program = await startProgram({
      environment: {
        GETDX_API_KEY: SECRET.key,
        GETDX_API_URL: upstream.url,
        WEBHOOK_SECRET: SECRET.webhookSecret,
        WEBHOOK_SECRET_PREVIOUS: SECRET.previousSecret,
        READ_SECRET: SECRET.readSecret,
        EVENTS_TRACKED: "*, Custom Notification",
        ...run,
      },
    });
    const answers = (await sendEverything(program)).join("\n");
    program.signal("SIGTERM");
    assert.equal(await program.ended(), 0);

    for (const [where, text] of Object.entries({ answers, stdout: program.stdout, stderr: program.stderr })) {
      assertAbsent(where, text, SECRET);
      assertAbsent(where, withoutDebug(text), EMAIL);
      assert.doesNotMatch(text, /^\{"level":"ERROR","event":"forged"/m);
    }
    const sent = upstream.received.map(({ body }) => body).join("\n");
    const headers = upstream.received.flatMap((call) => [...call.headers]).filter((header) => {
      if (header[0] === "authorization") assert.equal(header[1], `Bearer ${SECRET.key}`);
      return header[0] !== "authorization";
    });
    assertAbsent("what PlatformX was told", sent + JSON.stringify(headers), {
      ...SECRET,
      recipient: EMAIL.recipient,
      recipientId: RECIPIENT_ID,
    });
    const isDry = run["DRY_RUN"] === "true";
    assert.equal(sent.includes(`"email":"${EMAIL.person}"`), !isDry);
    // The search finds what is there: an address in the lines where it may be.
    assert.equal(program.stdout.includes(EMAIL.person), run["LOG_LEVEL"] === "DEBUG");
    assert.equal(
      answers.includes("bad key (removed) for (e-mail) (e-mail)"),
      !isDry,
      "its words are passed on",
    );
    for (const status of isDry ? ["dry_run"] : ["forwarded", "refused", "unavailable"]) {
      assert.ok(answers.includes(`"status":"${status}"`), `${status} is not among the answers`);
    }
  });
}

Deno.test("a failure of the network is told by its kind, without address and key", async () => {
  const port = freePort();
  await using program = await startProgram({
    environment: {
      GETDX_API_KEY: SECRET.key,
      GETDX_API_URL: `http://127.0.0.1:${port}/events.track?token=${SECRET.query}`,
      LOG_LEVEL: "DEBUG",
    },
  });
  const answer = await program.post(notification("m-1"));
  assert.equal(answer.status, 503);
  program.signal("SIGTERM");
  await program.ended();
  const told = await answer.text() + program.stdout + program.stderr;
  assert.ok(told.includes("connection_failed"));
  assertAbsent("what was told", told, { ...SECRET, port: String(port) });
});

/** The lines of a log, or other text, that are not of level DEBUG. */
function withoutDebug(text: string): string {
  return text.split("\n").filter((line) => !/"level":"DEBUG"|^\S+ DEBUG /.test(line)).join("\n");
}
