import assert from "node:assert/strict";
import { textOf } from "../../lib/config/given.ts";
import { readSettings } from "../../lib/config/read_settings.ts";
import { MISSPELLINGS, PLATFORM_VARIABLES, SETTING_NAMES } from "../../lib/config/variables.ts";
import {
  configIn,
  type Environment,
  type MadeUpFiles,
  parsedSettings,
  sourceOf,
  textsOf,
} from "../support/settings.ts";
import { BASE } from "./fakes.ts";

async function problems(environment: Environment, files: MadeUpFiles, envFile?: string) {
  const parsed = await parsedSettings(environment, files, envFile === undefined ? {} : { envFile });
  return "problems" in parsed ? textsOf(parsed.problems) : [];
}

Deno.test("a setting comes from the environment, else from .env, which never overrides", async () => {
  const environment = { HOST: "environment", LOG_LEVEL: "", LOG_FORMAT: " " };
  const files = { ".env": "HOST=file\nPORT=1234\nLOG_LEVEL=DEBUG\nLOG_FORMAT=text\n" };
  const given = await readSettings(sourceOf(environment, files));
  const texts = ["HOST", "PORT", "LOG_LEVEL", "LOG_FORMAT", "DRY_RUN"].map((name) => textOf(given, name));
  assert.deepEqual(texts, ["environment", "1234", "", " ", undefined]);
});

Deno.test("which file was read is known, or where there is none", async (t) => {
  const files = { ".env": "PORT=1", "other.env": "PORT=2", "/etc/relay.env": "PORT=3" };
  const rows: [
    envFile: string | undefined,
    files: MadeUpFiles,
    isThere: boolean,
    path: string,
    port: number,
  ][] = [
    [undefined, {}, false, "/work-dir/.env", 8080],
    [undefined, files, true, "/work-dir/.env", 1],
    ["other.env", files, true, "/work-dir/other.env", 2],
    ["/etc/relay.env", files, true, "/etc/relay.env", 3],
  ];
  for (const [name, files, isThere, path, port] of rows) {
    await t.step(`${name} ${Object.keys(files)}`, async () => {
      const { envFile } = await readSettings(sourceOf(BASE, files), name);
      assert.deepEqual([envFile.isThere, envFile.path], [isThere, path]);
      const parsed = await parsedSettings(BASE, files, name === undefined ? {} : { envFile: name });
      assert.equal(configIn(parsed).http.port, port);
    });
  }
});

Deno.test("a file with a secret that every user of the machine may read is warned of", async () => {
  const HINT = ".env holds a secret, and every user of this machine may read it: chmod o= it";
  for (
    const [text, isForAll, expected] of [
      ["READ_SECRET=s3cret", true, [HINT]],
      ["READ_SECRET=s3cret", false, []],
      ["PORT=1", true, []],
    ] as const
  ) {
    const source = sourceOf(BASE, { ".env": text });
    const stat = (path: string) => {
      const seen = source.files.stat(path);
      return seen && { ...seen, isForAll };
    };
    const { warnings } = await readSettings({ ...source, files: { ...source.files, stat } });
    assert.deepEqual(textsOf(warnings), expected);
  }
});

const REMOVE = "Correct that, or remove it";
const ANOTHER = "Correct that, or name another file";
const utf16 = (text: string) =>
  new Uint8Array([0xff, 0xfe, ...[...text].flatMap((letter) => [letter.charCodeAt(0), 0])]);

Deno.test("a .env that is there and cannot be used is told, with what to do", async (t) => {
  const UTF16 = "must be UTF-8: it is UTF-16, as Windows PowerShell writes files. Save it as UTF-8";
  const NUL = "must be UTF-8: it holds NUL bytes, as a file does that was damaged. Save it as UTF-8";
  const rows: [file: MadeUpFiles[string], rule: string][] = [
    [{ fault: "folder" }, `must be readable: it is a folder. ${REMOVE}`],
    [{ fault: "forbidden" }, `must be readable: this user may not read it. ${REMOVE}`],
    [{ fault: "stalled" }, `must be readable: it is a pipe, and nobody writes to it. ${REMOVE}`],
    ["#".repeat(65_537), `must be readable: it has more than 64 KiB. ${REMOVE}`],
    [utf16("WEBHOOK_SECRET=x"), UTF16],
    [utf16("WEBHOOK_SECRET=x").slice(2), UTF16],
    [new Uint8Array([0xfe, 0xff, 0, 0x50]), UTF16],
    [utf16("A=ẞß\n").slice(2), UTF16],
    ["WEBHOOK_SECRET=a\0b", NUL],
    ["PORT=1\n" + "\0".repeat(4_096), NUL],
    [new Uint8Array([0x50, 0x3d, 0xfc]), "must be UTF-8: it holds bytes that are no UTF-8. Save it as UTF-8"],
  ];
  for (const [file, rule] of rows) {
    await t.step(rule, async () => {
      assert.deepEqual(await problems(BASE, { ".env": file }), [`.env ${rule}`]);
    });
  }
  await t.step("the file of --env-file has to be there", async () => {
    assert.deepEqual(await problems(BASE, { ".env": "PORT=1" }, "gone\u001b"), [
      `gone\\u{1b} must be readable: there is no such file. ${ANOTHER}`,
    ]);
  });
  await t.step("the greatest that is read", async () => {
    assert.deepEqual(await problems(BASE, { ".env": "#".repeat(65_536) }), []);
  });
});

Deno.test("the file of a secret holds one line", async (t) => {
  const rows: [file: MadeUpFiles[string], secret: string | undefined, cause?: string][] = [
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["\ufeff s3cret \r\n\n", "s3cret"],
    ['"s3cret"\n', "s3cret"],
    ["s3cret\nmore", undefined, "it has more than one line"],
    ["s3cret\rmore", undefined, "it has more than one line"],
    ["x".repeat(65_537), undefined, "it has more than 64 KiB"],
    [utf16("s3cret"), undefined, "it is UTF-16, as Windows PowerShell writes files"],
    [new Uint8Array([0xfc]), undefined, "it holds bytes that are no UTF-8"],
    ["s3\0cret", undefined, "it holds NUL bytes, as a file does that was damaged"],
    [{ fault: "missing" }, undefined, "there is no such file"],
    [{ fault: "forbidden" }, undefined, "this user may not read it"],
    [{ fault: "folder" }, undefined, "it is a folder"],
    [{ fault: "stalled" }, undefined, "it is a pipe, and nobody writes to it"],
    [{ fault: "unreadable" }, undefined, "it cannot be read"],
  ];
  for (const [file, secret, cause] of rows) {
    await t.step(cause ?? JSON.stringify(file), async () => {
      const parsed = await parsedSettings({ ...BASE, READ_SECRET_FILE: "/run/x" }, { "/run/x": file });
      if (cause === undefined) return assert.equal(configIn(parsed).http.readSecret, secret);
      assert.ok("problems" in parsed);
      assert.deepEqual(textsOf(parsed.problems), [
        `READ_SECRET_FILE must name a readable file: '/run/x': ${cause}`,
      ]);
    });
  }
});

Deno.test("each file is read once: a process substitution gives its text a single time", async () => {
  const counts = new Map<string, number>();
  const environment = {
    GETDX_API_KEY_FILE: "/run/key",
    WEBHOOK_SECRET_FILE: "/run/secret",
    TLS_CERT_FILE: "/tls/cert",
    TLS_KEY_FILE: "/tls/key",
    OUTBOX_FILE: "/run/outbox",
  };
  const { env, files } = sourceOf(environment, {
    ".env": "",
    "/run/key": "key",
    "/run/secret": "secret",
    "/tls/cert": "-----BEGIN CERTIFICATE-----",
    "/tls/key": "-----BEGIN PRIVATE KEY-----",
    "/tls/ca": "-----BEGIN CERTIFICATE-----",
    "/run/outbox": "postgres://relay@db.example.com/x?sslrootcert=/tls/ca",
  });
  const read: typeof files.read = (path, limit) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    return files.read(path, limit);
  };
  await readSettings({ env, files: { ...files, read } });
  assert.deepEqual(Object.fromEntries(counts), {
    ".env": 1,
    "/run/key": 1,
    "/run/secret": 1,
    "/tls/cert": 1,
    "/tls/key": 1,
    "/tls/ca": 1,
    "/run/outbox": 1,
  });
});

Deno.test("a misspelled name in the environment is told where the right one is not set", async (t) => {
  for (const [name, meant] of MISSPELLINGS) {
    await t.step(name, async () => {
      const told = `${name} is set, and means nothing here: did you mean ${meant}?`;
      const { warnings } = await readSettings(sourceOf({ [name]: "x" }));
      assert.deepEqual(warnings, [{ variable: meant, text: told }]);
      assert.deepEqual((await readSettings(sourceOf({ [name]: "x", [meant]: "y" }))).warnings, []);
      const inFile = await readSettings(sourceOf({ [name]: "x" }, { ".env": `${meant}=y` }));
      assert.deepEqual(inFile.warnings, []);
      assert.ok(SETTING_NAMES.includes(meant));
      assert.ok(![...SETTING_NAMES, ...PLATFORM_VARIABLES].includes(name));
    });
  }
});

Deno.test("a relative path is one of a container where Docker, Podman or Kubernetes say so", async (t) => {
  const relative = { OUTBOX: "outbox.db" };
  const rows: [environment: Environment, files: MadeUpFiles, isContainer: boolean][] = [
    [relative, {}, false],
    [relative, { "/.dockerenv": "" }, true],
    [relative, { "/run/.containerenv": "" }, true],
    [{ ...relative, KUBERNETES_SERVICE_HOST: "10.0.0.1" }, {}, true],
    [{ OUTBOX: "/data/outbox.db" }, { "/.dockerenv": "" }, false],
    [{ OUTBOX: "C:\\outbox.db" }, { "/.dockerenv": "" }, false],
    [{ OUTBOX: "postgres://relay@db/x" }, { "/.dockerenv": "" }, false],
    [{}, { "/.dockerenv": "" }, false],
  ];
  for (const [environment, files, expected] of rows) {
    await t.step(JSON.stringify([environment, Object.keys(files)]), async () => {
      assert.equal((await readSettings(sourceOf(environment, files))).isContainer, expected);
    });
  }
});
