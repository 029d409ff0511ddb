import assert from "node:assert/strict";
import { readableNames } from "../../lib/config/variables.ts";
import { runModule, runProgram, type Surroundings } from "../support/service.ts";

const ENV = `--allow-env=${readableNames().join(",")}`;

/** What the environment gives for these names, read in a process of its own; or the error's message. */
async function read(
  names: readonly string[],
  surroundings: Surroundings,
  permissions: readonly string[] = ["--allow-read", ENV],
): Promise<unknown> {
  const code = `
    import { readEnvironment } from "project/lib/config/environment.ts";
    try {
      const source = readEnvironment();
      console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => source.get(name) ?? null)));
    } catch (error) {
      console.log(JSON.stringify(error.message));
    }
  `;
  const { stdout, stderr } = await runModule(code, { ...surroundings, permissions });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

Deno.test("a setting comes from the environment, else from .env, and .env never overrides", async () => {
  const names = ["HOST", "PORT", "LOG_LEVEL", "LOG_FORMAT", "DRY_RUN"];
  const environment = { HOST: "environment", LOG_LEVEL: "", LOG_FORMAT: " " };
  const files = { ".env": "HOST=file\nPORT=1234\nLOG_LEVEL=DEBUG\nLOG_FORMAT=text\n" };
  assert.deepEqual(await read(names, { environment, files }), ["environment", "1234", "", " ", null]);
  assert.deepEqual(await read(names, { environment }), ["environment", null, "", " ", null]);
});

Deno.test(".env may be written as operators write it", async () => {
  const text = [
    "\ufeff# a comment",
    "",
    "HOST = spaced ",
    "export PORT=8081",
    'GETDX_API_KEY="a#b c"',
    "WEBHOOK_SECRET='$HOME\\n'",
    "LOG_LEVEL=DEBUG # more",
    "READ_SECRET=a=b=",
    "DRY_RUN=",
    "not a setting",
    "LOG_FORMAT=text\r",
  ].join("\n");
  const names = [
    "HOST",
    "PORT",
    "GETDX_API_KEY",
    "WEBHOOK_SECRET",
    "LOG_LEVEL",
    "READ_SECRET",
    "DRY_RUN",
    "LOG_FORMAT",
  ];
  const values = ["spaced", "8081", "a#b c", "$HOME\\n", "DEBUG", "a=b=", "", "text"];
  assert.deepEqual(await read(names, { files: { ".env": text } }), values);
});

Deno.test("an empty .env, and one of a name alone, set nothing", async () => {
  for (const text of ["", "\n\n", "HOST"]) {
    assert.deepEqual(await read(["HOST"], { files: { ".env": text } }), [null], JSON.stringify(text));
  }
});

Deno.test("a .env that is there and cannot be read is told, with what to do", async () => {
  const code = `
    import { readEnvironment } from "project/lib/config/environment.ts";
    Deno.mkdirSync(".env");
    try {
      readEnvironment();
    } catch (error) {
      console.log(error.message);
    }
  `;
  const { stdout } = await runModule(code, { permissions: ["--allow-read", "--allow-write", ENV] });
  assert.match(
    stdout,
    /^\.env must be readable: it is a directory\. Correct its permissions, or remove it$/m,
  );
  const forbidden = await read(["HOST"], { files: { ".env": "HOST=x" } }, [ENV]);
  assert.equal(
    forbidden,
    ".env must be readable: this user may not read it. Correct its permissions, or remove it",
  );
});

Deno.test("a file that a setting names is read, or the cause is told without its path", async () => {
  const code = `
    import { readEnvironment } from "project/lib/config/environment.ts";
    Deno.mkdirSync("folder");
    const source = readEnvironment();
    for (const path of ["there", "missing", "folder", "there/inside", "no\\0path"]) {
      try {
        console.log(source.readFile(path));
      } catch (error) {
        console.log(error.constructor.name + ": " + error.message);
      }
    }
  `;
  const permissions = ["--allow-read", "--allow-write", ENV];
  const { stdout } = await runModule(code, { files: { there: "its text" }, permissions });
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "its text",
    "Error: there is no such file",
    "Error: it is a directory",
    "Error: it cannot be read",
    "Error: it cannot be read",
  ]);
});

Deno.test("the program takes its settings from .env in its working directory", async () => {
  const files = { ".env": "EMAIL_DOMAINS=elsewhere.com\nEVENTS_TRACKED=Workspace Deleted\n" };
  const payload = { notification_name: "Workspace Deleted", user_email: "alice@example.com" };
  const stdin = JSON.stringify({ msg_id: "m", payload });
  const reasonOf = async (environment: Record<string, string>) => {
    const { stdout, stderr } = await runProgram(["explain", "--json"], { files, stdin, environment });
    assert.equal(stderr, "");
    return JSON.parse(stdout).reason;
  };
  assert.equal(await reasonOf({}), "domain");
  assert.equal(await reasonOf({ EMAIL_DOMAINS: "example.com" }), undefined);
  assert.equal(await reasonOf({ EVENTS_TRACKED: "Workspace Created" }), "not_tracked");
});

Deno.test("the names that the program may read are enough: all other variables stay unseen", async () => {
  const code = `
    import { readEnvironment } from "project/lib/config/environment.ts";
    const source = readEnvironment();
    for (const name of ${JSON.stringify(readableNames())}) source.get(name);
    try {
      source.get("HOME");
    } catch (error) {
      console.log(error.name);
    }
  `;
  const { code: exit, stdout } = await runModule(code, { permissions: ["--allow-read", ENV] });
  assert.deepEqual([exit, stdout], [0, "NotCapable\n"]);
});
