import assert from "node:assert/strict";
import { envFileOf } from "../../lib/config/env_file.ts";

/** Rows: text, and the sentences about it; an exclamation mark is a problem, else it is a warning. */
const ROWS: readonly (readonly [text: string, ...told: string[]])[] = [
  ["PORT=80\nWEBHOOK_SECRET_FILE=/run/x\nDATABASE_URL=postgres://x\n"],
  ["EVENT_TRACKED=x", ".env line 1: EVENT_TRACKED is not known: did you mean EVENTS_TRACKED?"],
  ["\nEMAIL_DOMAIN=x", ".env line 2: EMAIL_DOMAIN is not known: did you mean EMAIL_DOMAINS?"],
  ["WEBHOOK_SECRT=x", ".env line 1: WEBHOOK_SECRT is not known: did you mean WEBHOOK_SECRET?"],
  [
    "WEBHOOK_SECRTE_FILE=x",
    ".env line 1: WEBHOOK_SECRTE_FILE is not known: did you mean WEBHOOK_SECRET_FILE?",
  ],
  ["DX_API_KEY=x", ".env line 1: DX_API_KEY is not known: did you mean GETDX_API_KEY?"],
  ["port=x", ".env line 1: port is not known: did you mean PORT?"],
  ["EMAIL_DOMAINS_FILE=x", ".env line 1: EMAIL_DOMAINS_FILE is not known: did you mean EMAIL_DOMAINS?"],
  ["P\u001bORT=x", ".env line 1: P\\u{1b}ORT is not known: did you mean PORT?"],
  ["HTTPS_PROXY=x", ".env line 1: HTTPS_PROXY has no effect there: set it in the environment"],
  ["DENO_CERT=x", ".env line 1: DENO_CERT has no effect there: set it in the environment"],
  [
    "OTEL_EXPORTER_OTLP_ENDPOINT=x",
    ".env line 1: OTEL_EXPORTER_OTLP_ENDPOINT has no effect there: set it in the environment",
  ],
  ["COMPOSE_PROJECT_NAME=x", ".env line 1: not known here, and without effect"],
  // The end of a key that lost its quotes: not even its beginning is shown.
  ["MY_A=x\nPORT=1\nMIIEvQIBADANBgkqhkiG9w0==", ".env lines 1, 3: not known here, and without effect"],
  ["hello\nPORT=1", ".env line 1: no setting. Write NAME=value, or begin a comment with #"],
  ["-- a\nb c\n// d", ".env lines 1, 2, 3: no setting. Write NAME=value, or begin a comment with #"],
  [
    "x\n".repeat(14),
    ".env lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more: no setting. Write NAME=value, or begin a comment with #",
  ],
  ...["PORT", "PORT: 80", "PORT 80", "set PORT=80", "- PORT=80", '"PORT": 80', "export PORT"].map((line) =>
    [line, "!.env line 1: PORT must be written NAME=value: this line sets nothing"] as const
  ),
  [
    'WEBHOOK_SECRET="s3cret\nPORT=1',
    "!.env line 1: WEBHOOK_SECRET must have a second quotation mark at its end: close it, or leave the first one out",
  ],
  [
    'WEBHOOK_SECRET="s3cret"s3cret',
    "!.env line 1: WEBHOOK_SECRET must have nothing but a comment behind its quotation marks: quote the whole value",
  ],
  ['MY_A="open', ".env line 1: not known here, and without effect"],
  ["PORT=1\nPORT=2", ".env line 2: PORT is set on line 1 too: this one counts"],
  ["PORT=1\nPORT=1"],
  [
    "OUTBOX=${HOME}/outbox.db",
    ".env line 1: ${…} in OUTBOX is not expanded. Write what it stands for",
  ],
  ["WEBHOOK_SECRET='a${b}'"],
];

Deno.test("what in a .env does not do what its writer may think is told with its line, and no value", async (t) => {
  for (const [text, ...told] of ROWS) {
    await t.step(JSON.stringify(text), () => {
      const { problems, warnings } = envFileOf(".env", text);
      assert.deepEqual([
        ...problems.map((problem) => `!${problem.text}`),
        ...warnings.map(({ text }) => text),
      ], told);
      assert.doesNotMatch(told.join(), /s3cret|MIIE|JBSW/);
    });
  }
});

Deno.test("a sentence is about the setting that was meant, else about the file", async (t) => {
  const rows: readonly (readonly [text: string, variable: string])[] = [
    ["EMAIL_DOMAIN=x", "EMAIL_DOMAINS"],
    ["PORT: 80", "PORT"],
    ["PORT='", "PORT"],
    ["PORT=1\nPORT=2", "PORT"],
    ["DENO_CERT=x", "my.env"],
    ["MY_A=x", "my.env"],
    ["x", "my.env"],
  ];
  for (const [text, variable] of rows) {
    await t.step(text, () => {
      const { problems, warnings } = envFileOf("my.env", text);
      assert.deepEqual([...problems, ...warnings].map((notice) => notice.variable), [variable]);
    });
  }
});

Deno.test("the last of two lines counts, and a line with a fault sets nothing", () => {
  const { values } = envFileOf(".env", 'PORT=1\nPORT=2\nHOST="a" b\nLOG_LEVEL: DEBUG\nREAD_SECRET=a=b=\n');
  assert.deepEqual(Object.fromEntries(values), { PORT: "2", READ_SECRET: "a=b=" });
});
