/** Where the running program takes its settings from, and what it says of those that do nothing. */
import assert from "node:assert/strict";
import { readableNames } from "../../lib/config/variables.ts";
import { within } from "../support/eventually.ts";
import { type Ended, shellLine } from "../support/process.ts";
import { runModule, runProgram, startProgram } from "../support/service.ts";
import type { Environment } from "../support/settings.ts";

const onWindows = Deno.build.os === "windows";

const BASE: Environment = { GETDX_API_KEY: "dx-0123", WEBHOOK_SECRET: "webhook-s3cret", DRY_RUN: "true" };

Deno.test("the program takes its settings from .env in its working directory, the environment before it", async (t) => {
  const payload = { notification_name: "Workspace Deleted", user_email: "alice@example.com" };
  const stdin = JSON.stringify({ msg_id: "m", payload });
  const env = "EMAIL_DOMAINS=elsewhere.com # note\nEVENTS_TRACKED=Workspace Deleted\n";
  const rows: [args: string[], environment: Environment, reason: string | undefined][] = [
    [[], {}, "domain"],
    [[], { EMAIL_DOMAINS: "example.com" }, undefined],
    [[], { EVENTS_TRACKED: "Workspace Created" }, "not_tracked"],
    [["--env-file", "other.env"], {}, undefined],
    [["--env-file=other.env"], { EMAIL_DOMAINS: "*.example.com" }, "domain"],
  ];
  const files = { ".env": env, "other.env": "\ufeffexport EVENTS_TRACKED='Workspace Deleted'\r\n" };
  for (const [args, environment, reason] of rows) {
    await t.step(JSON.stringify([args, environment]), async () => {
      const { stdout, stderr } = await runProgram(["explain", "--json", ...args], {
        files,
        stdin,
        environment,
      });
      assert.equal(stderr, "");
      assert.equal(JSON.parse(stdout).reason, reason);
    });
  }
});

Deno.test("at the start the program says which file it read, and what in it does nothing", async () => {
  const files = { ".env": "WEBHOOK_SECRET=pa55#w0rd\nEVENT_TRACKED=Task Idle\nnonsense\n" };
  const { WEBHOOK_SECRET: _, ...environment } = BASE;
  const misspelled = { LOGLEVEL: "DEBUG", Email_Domains: "example.com", read_secret: "x", host: "x" };
  await using program = await startProgram({
    environment: { ...environment, ...misspelled },
    files,
    // Whatever the umask of whoever runs the tests.
    ...onWindows ? {} : {
      wrap: (
        commandLine: readonly string[],
      ) => ["sh", "-c", `chmod 644 .env; exec ${shellLine(commandLine)}`],
    },
  });
  assert.equal((await program.logged("starting")).env_file, `${program.directory}/.env`);
  const warnings = program.entries.filter(({ event }) => event === "config_warning").map(({ message }) =>
    message
  );
  assert.deepEqual(warnings, [
    ".env line 2: EVENT_TRACKED is not known: did you mean EVENTS_TRACKED?",
    ".env line 3: no setting. Write NAME=value, or begin a comment with #",
    ...onWindows ? [] : [".env holds a secret, and every user of this machine may read it: chmod o= it"],
    "Email_Domains is set, and means nothing here: did you mean EMAIL_DOMAINS?",
    "LOGLEVEL is set, and means nothing here: did you mean LOG_LEVEL?",
    "read_secret is set, and means nothing here: did you mean READ_SECRET?",
    "DRY_RUN is on although GETDX_API_KEY is set: nothing is sent. Unset DRY_RUN to send events",
  ]);
  const answer = await program.post({}, { authorization: `Bearer pa55#w0rd` });
  assert.equal((await answer.json()).reason, "invalid_notification", "the secret is all of pa55#w0rd");
});

Deno.test("at the start the program says where it found no file", async () => {
  await using program = await startProgram({ environment: BASE });
  assert.equal((await program.logged("starting")).env_file, `none (${program.directory}/.env is not there)`);
});

/** Runs a command that must refuse its configuration; what it said. */
async function refusal(ended: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ended;
  assert.deepEqual([code, stdout], [2, ""], stderr);
  return stderr;
}

Deno.test("every command refuses what cannot be meant, and says the same", async (t) => {
  const environment = {
    ...BASE,
    OUTBOX: "false",
    READ_SECRET: "off",
    EMAIL_DOMAINS: "example",
    EMAIL_DOMAIN: "x",
  };
  const files = { ".env": "PORT: 80\nEVENT_TRACKED=x\n" };
  for (const command of ["serve", "check", "explain", "healthcheck", "outbox list"]) {
    await t.step(command, async () => {
      const told = await refusal(runProgram(command.split(" "), { environment, files }));
      const subjects = told.trimEnd().split("\n").map((line) => /^(?:- )?(\S+(?: line \d)?)/.exec(line)?.[1]);
      assert.deepEqual(subjects, [
        ...["The", ".env line 1", "READ_SECRET", "EMAIL_DOMAINS:", "OUTBOX"],
        ...["Besides:", ".env line 2", "Read"],
      ]);
    });
  }
});

Deno.test("a file of settings that cannot be used ends the program, before a webhook is taken", async (t) => {
  const folder = await Deno.makeTempDir();
  const utf16 = new Uint8Array([0xff, 0xfe, ...[..."PORT=1"].flatMap((letter) => [letter.charCodeAt(0), 0])]);
  await Deno.writeFile(`${folder}/utf16.env`, utf16);
  const rows: [name: string, words: RegExp][] = [
    [
      "utf16.env",
      /utf16\.env must be UTF-8: it is UTF-16, as Windows PowerShell writes files\. Save it as UTF-8$/m,
    ],
    ["gone.env", /gone\.env must be readable: there is no such file\. Correct that, or name another file$/m],
  ];
  try {
    for (const [name, words] of rows) {
      await t.step(name, async () => {
        const args = ["--env-file", `${folder}/${name}`];
        assert.match(await refusal(runProgram(args, { environment: BASE })), words);
      });
    }
    await t.step(".env is a folder", async () => {
      const told = await refusal(runProgram([], { environment: BASE, directories: [".env"] }));
      assert.match(told, /^- \.env must be readable: it is a folder\. Correct that, or remove it$/m);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a secret's pipe that nobody writes to is an error after some seconds, and a signal still ends the program", async () => {
  const folder = await Deno.makeTempDir();
  const pipe = `${folder}/pipe`;
  try {
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    const told = await refusal(runProgram([], { environment: { ...BASE, READ_SECRET_FILE: pipe } }));
    assert.match(
      told,
      /^- READ_SECRET_FILE must name a readable file: '.*': it is a pipe, and nobody writes to it$/m,
    );
    const writer = new Deno.Command("sh", { args: ["-c", 'echo s3cret >"$0"', pipe] }).output();
    await using program = await startProgram({ environment: { ...BASE, READ_SECRET_FILE: pipe } });
    await writer;
    const { version } = await (await fetch(program.url, { headers: { authorization: "Bearer s3cret" } }))
      .json();
    assert.equal(typeof version, "string", "the secret was read");
    program.signal("SIGTERM");
    assert.equal(await within(program.ended(), "the end"), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("help config prints every setting", async () => {
  const { code, stdout } = await runProgram(["help", "config"]);
  assert.equal(code, 0);
  assert.match(stdout, /^EMAIL_DOMAINS\n {2}Only people .*\n {2}default: unset$/m);
});

Deno.test("the names that the program may read are enough: all other variables stay unseen", async () => {
  const code = `
    import { readSettings } from "project/lib/config/read_settings.ts";
    import { denoEnv, denoFiles } from "project/lib/runtime/deno_files.ts";
    const asked = [];
    const env = (name) => (asked.push(name), Deno.env.get(name));
    await readSettings({ env, files: denoFiles });
    console.log(asked.length, denoEnv("HOME"));
  `;
  const names = readableNames();
  const permissions = ["--allow-read", `--allow-env=${names.join(",")}`];
  const { code: exit, stdout } = await runModule(code, { permissions, environment: { HOME: "/home/x" } });
  assert.deepEqual([exit, stdout], [0, `${names.length} undefined\n`]);
});
