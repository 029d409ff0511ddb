import assert from "node:assert/strict";
import { Settings } from "../../lib/config/settings.ts";
import { boolean, duration, integer, matching } from "../../lib/config/parsers.ts";
import { readableNames, VARIABLE_ROWS, type VariableName } from "../../lib/config/variables.ts";

/** Settings of an environment and files; reading another file fails. */
function settingsOf(environment: Record<string, string>, files: Record<string, string> = {}): Settings {
  return new Settings({
    get: (name) => environment[name],
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error("No such file");
      return text;
    },
  });
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
  ];
  for (const [raw, expected] of rows) {
    await t.step(JSON.stringify(raw), () => {
      assert.equal(settingsOf({ HOST: raw }).text("HOST"), expected);
      const fromFile = settingsOf({ READ_SECRET_FILE: "/run/secret" }, { "/run/secret": raw });
      assert.equal(fromFile.text("READ_SECRET"), expected);
      assert.equal(settingsOf({ READ_SECRET_FILE: raw }).path("READ_SECRET"), expected);
    });
  }
});

Deno.test("a value that is not set, or empty, is the fallback or undefined", () => {
  for (const environment of [{}, { PORT: "", HOST: " ", LOG_FORMAT: '""', DRY_RUN: "" }]) {
    const settings = settingsOf(environment);
    assert.equal(settings.value("PORT", integer(0, 65535)), 8080);
    assert.equal(settings.value("HOST", anything), "0.0.0.0");
    assert.equal(settings.value("DRY_RUN", boolean), false);
    assert.equal(settings.optional("LOG_FORMAT", anything), undefined);
    assert.deepEqual(settings.problems, []);
  }
});

Deno.test("set but empty is an error exactly where it would switch something off", async (t) => {
  const forbidden = new Set<string>(["WEBHOOK_SECRET", "EVENTS_TRACKED", "OUTBOX"]);
  for (const { name } of VARIABLE_ROWS) {
    for (const raw of ["", "  ", '""', "''"]) {
      await t.step(`${name}=${raw}`, () => {
        const settings = settingsOf({ [name]: raw });
        settings.text(name as VariableName);
        const expected = forbidden.has(name)
          ? [`${name} must not be empty: remove it, or give it a value`]
          : [];
        assert.deepEqual(settings.problems, expected);
      });
    }
  }
});

Deno.test("X_FILE reads X from a file, for secrets and for nothing else", async (t) => {
  const secrets = new Set<string>([
    "GETDX_API_KEY",
    "WEBHOOK_SECRET",
    "WEBHOOK_SECRET_PREVIOUS",
    "READ_SECRET",
  ]);
  for (const { name } of VARIABLE_ROWS) {
    await t.step(name, () => {
      const settings = settingsOf({ [`${name}_FILE`]: "/run/x" }, { "/run/x": " from the file\n" });
      assert.equal(settings.text(name as VariableName), secrets.has(name) ? "from the file" : undefined);
      assert.deepEqual(settings.problems, []);
      assert.equal(readableNames().includes(`${name}_FILE`), secrets.has(name));
    });
  }
});

Deno.test("a file that gives no text is a problem that names path and cause", async (t) => {
  const files = { "/run/empty": "", "/run/blank": " \n", "/run/quotes": '""\n' };
  const rows: [path: string, problem: string][] = [
    ["/run/empty", "READ_SECRET_FILE must name a file with text: '/run/empty' is empty"],
    ["/run/blank", "READ_SECRET_FILE must name a file with text: '/run/blank' is empty"],
    ["/run/quotes", "READ_SECRET_FILE must name a file with text: '/run/quotes' is empty"],
    ["/run/none", "READ_SECRET_FILE must name a readable file: '/run/none': No such file"],
    ["/run/\x1b[2J", "READ_SECRET_FILE must name a readable file: '/run/\\u{1b}[2J': No such file"],
  ];
  for (const [path, problem] of rows) {
    await t.step(path, () => {
      const settings = settingsOf({ READ_SECRET_FILE: path }, files);
      assert.equal(settings.text("READ_SECRET"), undefined);
      assert.deepEqual(settings.problems, [problem]);
    });
  }
  await t.step("a cause that is no error is not quoted", () => {
    const settings = new Settings({
      get: (name) => name === "READ_SECRET_FILE" ? "/run/x" : undefined,
      readFile: () => {
        throw "the text of the file";
      },
    });
    settings.text("READ_SECRET");
    assert.deepEqual(settings.problems, [
      "READ_SECRET_FILE must name a readable file: '/run/x': it cannot be read",
    ]);
  });
});

Deno.test("a variable and its file together are a problem, and neither is used", async (t) => {
  for (const name of ["GETDX_API_KEY", "WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS", "READ_SECRET"] as const) {
    await t.step(name, () => {
      const settings = settingsOf({ [name]: "a", [`${name}_FILE`]: "/run/b" }, { "/run/b": "b" });
      assert.equal(settings.text(name), undefined);
      assert.deepEqual(settings.problems, [`${name} and ${name}_FILE are both set: set one of them`]);
    });
  }
});

Deno.test("the contents of a named file are its trimmed text", () => {
  const settings = settingsOf({ TLS_CERT_FILE: "/tls/cert", TLS_KEY_FILE: "/tls/key" }, {
    "/tls/cert": "PEM\nPEM\n",
  });
  assert.equal(settings.contents("TLS_CERT_FILE"), "PEM\nPEM");
  assert.equal(settings.contents("TLS_KEY_FILE"), undefined);
  assert.deepEqual(settings.problems, ["TLS_KEY_FILE must name a readable file: '/tls/key': No such file"]);
});

Deno.test("a problem names the variable, the rule and the current value", async (t) => {
  const rows: [what: string, name: VariableName, raw: string, shown: string][] = [
    ["as it is", "PORT", "http", "'http'"],
    ["without its surroundings", "PORT", ' "http" ', "'http'"],
    ["controls escaped", "HOST", "a\x1b[31mb\u202ec", "'a\\u{1b}[31mb\\u{202e}c'"],
    ["cut to 80", "HOST", "x".repeat(200), `'${"x".repeat(79)}…'`],
    ["a secret hidden", "GETDX_API_KEY", "s3cret", "(hidden)"],
    ["a secret hidden", "WEBHOOK_SECRET", "s3cret", "(hidden)"],
    ["a secret hidden", "WEBHOOK_SECRET_PREVIOUS", "s3cret", "(hidden)"],
    ["a secret hidden", "READ_SECRET", "s3cret", "(hidden)"],
    ["an address with credentials hidden", "GETDX_API_URL", "https://u:s3cret@host/", "(hidden)"],
    ["another address", "GETDX_API_URL", "ftp://host/", "'ftp://host/'"],
  ];
  const never = matching(/^\b$/, "must be otherwise");
  for (const [what, name, raw, shown] of rows) {
    await t.step(`${name}: ${what}`, () => {
      const settings = settingsOf({ [name]: raw });
      assert.equal(settings.optional(name, never), undefined);
      assert.deepEqual(settings.problems, [`${name} must be otherwise: current value is ${shown}`]);
    });
  }
});

Deno.test("an unusable value is reported, and the fallback stands in for it", () => {
  const settings = settingsOf({ PORT: "http", DEDUP_WINDOW: "1 day" });
  assert.equal(settings.value("PORT", integer(0, 65535)), 8080);
  assert.equal(settings.value("DEDUP_WINDOW", duration("1s", "7d")), 86_400_000);
  settings.report("Something else.");
  assert.deepEqual(settings.problems, [
    "PORT must be a whole number from 0 to 65535: current value is 'http'",
    "DEDUP_WINDOW must be a whole number and one of ms, s, m, h, d, from 1s to 7d: current value is '1 day'",
    "Something else.",
  ]);
});

Deno.test("a fallback that breaks its own rule is a mistake of the program", () => {
  assert.throws(() => settingsOf({}).value("PORT", integer(0, 80)), /^Error: The fallback of PORT must be/);
});

Deno.test("the process may read each variable, each _FILE and the platform's, once", () => {
  const names = readableNames();
  assert.equal(new Set(names).size, names.length);
  for (const { name } of VARIABLE_ROWS) assert.ok(names.includes(name), name);
  assert.ok(names.includes("DENO_TRUST_PROXY_HEADERS"));
});
