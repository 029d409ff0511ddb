import assert from "node:assert/strict";
import { clean } from "../../lib/config/given.ts";
import { boolean, duration, integer, matching } from "../../lib/config/parsers.ts";
import { readSettings } from "../../lib/config/read_settings.ts";
import { Settings } from "../../lib/config/settings.ts";
import {
  readableNames,
  SETTING_NAMES,
  VARIABLE_ROWS,
  type VariableName,
} from "../../lib/config/variables.ts";
import { type Environment, type MadeUpFiles, sourceOf, textsOf } from "../support/settings.ts";

/** Settings of an environment and files; there is no other file. */
async function settingsOf(environment: Environment, files: MadeUpFiles = {}): Promise<Settings> {
  return new Settings(await readSettings(sourceOf(environment, files)));
}

const anything = matching(/^/, "");

Deno.test("a text is trimmed and loses one pair of quotes", async (t) => {
  const rows: [raw: string, expected: string | undefined][] = [
    ["plain", "plain"],
    ["  spaced \t\r\n", "spaced"],
    ['"quoted"', "quoted"],
    ["'quoted'", "quoted"],
    [' "quoted" ', "quoted"],
    [`""twice""`, '"twice"'],
    [`"'both'"`, "'both'"],
    [`"unequal'`, `"unequal'`],
    [`"open`, `"open`],
    [`shut"`, `shut"`],
    [`in"side`, `in"side`],
    [`"a" "b"`, `a" "b`],
    [`"`, `"`],
    ["two words", "two words"],
    ['"two\nlines"', "two\nlines"],
    ["", undefined],
    ["   ", undefined],
    ['""', undefined],
    ["''", undefined],
    ['" "', undefined],
  ];
  for (const [raw, expected] of rows) {
    await t.step(JSON.stringify(raw), () => assert.equal(clean(raw), expected));
  }
  assert.equal(clean(undefined), undefined);
});

Deno.test("what is not set, or empty, has its fallback, or none", async () => {
  for (const environment of [{}, { PORT: "", HOST: " ", LOG_FORMAT: '""', DRY_RUN: "" }]) {
    const settings = await settingsOf(environment);
    assert.equal(settings.value("PORT", integer(0, 65535)), 8080);
    assert.equal(settings.value("HOST", anything), "0.0.0.0");
    assert.equal(settings.value("DRY_RUN", boolean), false);
    assert.equal(settings.optional("LOG_FORMAT", anything), undefined);
    assert.deepEqual(settings.problems, []);
  }
});

Deno.test("set but empty is an error exactly where it would switch something off", async (t) => {
  const forbidden = new Set<string>(["WEBHOOK_SECRET", "EVENTS_TRACKED", "EMAIL_DOMAINS", "OUTBOX"]);
  for (const { name, file } of VARIABLE_ROWS) {
    for (const variable of file ? [name, `${name}_FILE`] : [name]) {
      for (const raw of ["", "  ", '""', "''"]) {
        await t.step(`${variable}=${raw}`, async () => {
          const settings = await settingsOf({ [variable]: raw });
          assert.equal(settings.text(name as VariableName), undefined);
          const expected = forbidden.has(name)
            ? [`${variable} must not be empty: remove it, or give it a value`]
            : [];
          assert.deepEqual(textsOf(settings.problems), expected);
        });
      }
    }
  }
});

Deno.test("X_FILE reads X from a file, for secrets and for nothing else", async (t) => {
  const secrets = new Set<string>([
    ...["GETDX_API_KEY", "WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS", "READ_SECRET"],
    ...["OUTBOX", "CODER_SESSION_TOKEN"],
  ]);
  for (const { name } of VARIABLE_ROWS) {
    await t.step(name, async () => {
      const settings = await settingsOf({ [`${name}_FILE`]: "/run/x" }, { "/run/x": " from the file\n" });
      assert.equal(settings.text(name as VariableName), secrets.has(name) ? "from the file" : undefined);
      assert.deepEqual(settings.problems, []);
      assert.equal(SETTING_NAMES.includes(`${name}_FILE`), secrets.has(name));
    });
  }
});

Deno.test("where a setting comes from is known", async (t) => {
  const files = { ".env": "READ_SECRET_FILE=/run/x\nPORT=1", "/run/x": "x" };
  const rows: [name: VariableName, variable: string, path: string | undefined, state: string][] = [
    ["READ_SECRET", "READ_SECRET_FILE", "/run/x", "set"],
    ["PORT", "PORT", undefined, "set"],
    ["HOST", "HOST", undefined, "empty"],
    ["DRY_RUN", "DRY_RUN", undefined, "unset"],
  ];
  const settings = await settingsOf({ HOST: "" }, files);
  for (const [name, variable, path, state] of rows) {
    await t.step(name, () => {
      const { text: _, ...found } = settings.found(name);
      assert.deepEqual(found, { variable, path, state });
    });
  }
});

Deno.test("a file without text is a problem; what does not begin like a path is not shown", async (t) => {
  const rows: [path: string, text: string | undefined, problem: string][] = [
    ["/run/x", "", "a file with text: '/run/x' is empty"],
    ["/run/x", " \n", "a file with text: '/run/x' is empty"],
    ["/run/x", '""\n', "a file with text: '/run/x' is empty"],
    ["/run/\x1b[2J", undefined, "a readable file: '/run/\\u{1b}[2J': there is no such file"],
    ["./x", undefined, "a readable file: './x': there is no such file"],
    ["..\\x", undefined, "a readable file: '..\\x': there is no such file"],
    ["C:\\x", undefined, "a readable file: 'C:\\x': there is no such file"],
    [`/${"x".repeat(200)}`, undefined, `a readable file: '/${"x".repeat(78)}…': there is no such file`],
    ["s3cret", undefined, "a readable file: (hidden): there is no such file"],
    ["dxk.abc", undefined, "a readable file: (hidden): there is no such file"],
    ["Zm9v/YmFy=", undefined, "a readable file: (hidden): there is no such file"],
    ["/run/me@s3cret", undefined, "a readable file: (hidden): there is no such file"],
    ["/run/x\ns3cret", undefined, "a readable file: (hidden): there is no such file"],
  ];
  for (const [path, text, problem] of rows) {
    await t.step(`${path} ${JSON.stringify(text)}`, async () => {
      for (
        const [variable, name] of [["READ_SECRET_FILE", "READ_SECRET"], ["TLS_KEY_FILE", undefined]] as const
      ) {
        const settings = await settingsOf({ [variable]: path }, text === undefined ? {} : { [path]: text });
        if (name === undefined) assert.equal(settings.contents("TLS_KEY_FILE"), undefined);
        else assert.equal(settings.text(name), undefined);
        assert.deepEqual(textsOf(settings.problems), [`${variable} must name ${problem}`]);
      }
    });
  }
});

Deno.test("a variable and its file together are a problem, and neither is used", async (t) => {
  for (const { name, file } of VARIABLE_ROWS) {
    if (!file) continue;
    await t.step(name, async () => {
      const settings = await settingsOf({ [name]: "a", [`${name}_FILE`]: "/run/b" }, { "/run/b": "b" });
      assert.equal(settings.text(name as VariableName), undefined);
      assert.deepEqual(textsOf(settings.problems), [
        `${name} and ${name}_FILE are both set: set one of them`,
      ]);
    });
  }
});

Deno.test("a problem names the variable, the rule and the current value", async (t) => {
  const rows: [what: string, name: VariableName, raw: string, shown: string][] = [
    ["as it is", "PORT", "http", "'http'"],
    ["without its surroundings", "PORT", ' "http" ', "'http'"],
    ["controls escaped", "HOST", "a\x1b[31mb\u202ec", "'a\\u{1b}[31mb\\u{202e}c'"],
    ["cut to 80", "HOST", "x".repeat(200), `'${"x".repeat(79)}…'`],
    ["two lines hidden", "HOST", "a\nb", "(hidden)"],
    ["a key hidden", "HOST", "-----BEGIN PRIVATE KEY----- x", "(hidden)"],
    ["a secret hidden", "GETDX_API_KEY", "s3cret", "(hidden)"],
    ["a secret hidden", "WEBHOOK_SECRET", "s3cret", "(hidden)"],
    ["a secret hidden", "WEBHOOK_SECRET_PREVIOUS", "s3cret", "(hidden)"],
    ["a secret hidden", "READ_SECRET", "s3cret", "(hidden)"],
    ["a secret hidden", "CODER_SESSION_TOKEN", "s3cret", "(hidden)"],
    ["an address with credentials hidden", "GETDX_API_URL", "https://u:s3cret@host/", "(hidden)"],
    ["with a full-width at-sign", "GETDX_API_URL", "https://u:s3cret\uff20host/", "(hidden)"],
    ["with an encoded at-sign", "GETDX_API_URL", "https://u:s3cret%40host/", "(hidden)"],
    ["another address", "GETDX_API_URL", "ftp://host/", "'ftp://host/'"],
    ["a query hidden", "GETDX_API_URL", "ftp://host/?s3cret", "'ftp://host/?(hidden)'"],
    ["a list of lines", "EVENTS_TRACKED", "a\nb", "'a\\u{a}b'"],
    ["a list of domains", "EMAIL_DOMAINS", "@a.example, @b.example", "'@a.example, @b.example'"],
    ["a list of addresses", "EMAIL_DOMAINS", "a.example, ann@b.example", "(hidden)"],
  ];
  const never = matching(/^\b$/, "must be otherwise");
  for (const [what, name, raw, shown] of rows) {
    await t.step(`${name}: ${what}`, async () => {
      const settings = await settingsOf({ [name]: raw });
      assert.equal(settings.optional(name, never), undefined);
      const text = `${name} must be otherwise: current value is ${shown}`;
      assert.deepEqual(settings.problems, [{ variable: name, text }]);
    });
  }
});

Deno.test("an unusable value is reported, and the fallback stands in for it", async () => {
  const settings = await settingsOf({ PORT: "http", DEDUP_WINDOW: "1 day" });
  assert.equal(settings.value("PORT", integer(0, 65535)), 8080);
  assert.equal(settings.value("DEDUP_WINDOW", duration("1s", "7d")), 86_400_000);
  settings.report("HOST", "HOST is something\u001b else");
  assert.deepEqual(textsOf(settings.problems), [
    "PORT must be a whole number from 0 to 65535: current value is 'http'",
    "DEDUP_WINDOW must be a whole number and one of ms, s, m, h, d, from 1s to 7d: current value is '1 day'",
    "HOST is something\\u{1b} else",
  ]);
});

Deno.test("a fallback that breaks its own rule is a mistake of the program", async () => {
  const settings = await settingsOf({});
  assert.throws(() => settings.value("PORT", integer(0, 80)), /^Error: The fallback of PORT must be/);
});

Deno.test("the process may read each variable, each _FILE and the platform's, once", () => {
  const names = readableNames();
  assert.equal(new Set(names).size, names.length);
  for (const { name } of VARIABLE_ROWS) assert.ok(names.includes(name), name);
  for (const name of ["DENO_TRUST_PROXY_HEADERS", "DENO_SERVE_ADDRESS", "DATABASE_URL"]) {
    assert.ok(names.includes(name), name);
  }
});
