/** The systemd recipe says what the service does, and systemd itself finds nothing amiss in it. */
import assert from "node:assert/strict";
import { KNOWN_NAMES, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { needs, openFolder, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import {
  ADMIN,
  credentialsOf,
  DROP_INS,
  environmentOf,
  installIn,
  systemdFile,
  UNIT,
  valuesOf,
} from "./systemd_units.ts";

/** What can be installed: the unit alone or with drop-ins. */
const INSTALLATIONS = [[], DROP_INS.slice(0, 1), DROP_INS];

/** Words that look like variables, and are systemd's or Coder's. */
const OTHERS = /^(AF|CAP|CODER)_/;

const unit = await systemdFile(UNIT);
const caddyfile = await Deno.readTextFile(fileOf("deploy/proxy/Caddyfile"));
const readme = await systemdFile("README.md");

for (const name of [UNIT, ADMIN, ...DROP_INS, "README.md", "../proxy/Caddyfile"]) {
  Deno.test(`the variables that ${name} names exist`, async () => {
    const named = (await systemdFile(name)).match(/\b[A-Z]{2,}(_[A-Z0-9]+)+\b/g) ?? [];
    const unknown = named.filter((word) => !KNOWN_NAMES.includes(word) && !OTHERS.test(word));
    assert.deepEqual(unknown, []);
  });
}

Deno.test("what the unit sets is a variable of the service, and so is what a drop-in sets", async () => {
  const texts = await Promise.all(DROP_INS.map(systemdFile));
  const set = [...environmentOf(unit, ...texts).keys()];
  assert.deepEqual(set.filter((name) => !KNOWN_NAMES.includes(name)), []);
  assert.ok(set.includes("OUTBOX") && set.includes("TLS_CERT_FILE"));
});

Deno.test("every file that a variable names as a credential is handed over, and no other one", async () => {
  for (const dropIns of INSTALLATIONS) {
    const texts = [unit, ...await Promise.all(dropIns.map(systemdFile))];
    const wanted = [...environmentOf(...texts).values()].filter((value) => value.startsWith("%d/"));
    assert.deepEqual(wanted.map((value) => value.slice(3)), [...credentialsOf(...texts).keys()]);
  }
});

Deno.test("the outbox is in the state folder, which only the service may enter", () => {
  const [folder] = valuesOf(unit, "StateDirectory");
  assert.equal(environmentOf(unit).get("OUTBOX"), `/var/lib/${folder}/outbox.db`);
  assert.deepEqual([valuesOf(unit, "StateDirectoryMode"), valuesOf(unit, "UMask")], [["0700"], ["0077"]]);
});

Deno.test("Caddy passes on to the address at which the unit listens", () => {
  const environment = environmentOf(unit);
  const upstreams = [...caddyfile.matchAll(/reverse_proxy (\S+)/g)].map(([, address]) => address);
  assert.deepEqual(upstreams, [`${environment.get("HOST")}:${environment.get("PORT")}`]);
});

Deno.test("README's commands name the paths and ports of unit, drop-ins and Caddyfile", async () => {
  const texts = [unit, ...await Promise.all(DROP_INS.map(systemdFile))];
  const [start = ""] = valuesOf(unit, "ExecStart");
  const [environmentFile = ""] = valuesOf(unit, "EnvironmentFile");
  for (
    const named of [
      start.split(" ")[0]!,
      environmentFile.slice(1), // the minus: it need not be there
      environmentOf(unit).get("OUTBOX")!,
      ...credentialsOf(...texts).values(),
      ...DROP_INS,
      ...texts.slice(1).map((text) => environmentOf(text).get("PORT")!),
      /https:\/\/(\S+) \{/.exec(caddyfile)![1]!,
    ]
  ) assert.ok(readme.includes(named), `README.md does not name ${named}`);
});

Deno.test("systemd waits longer for the end than the service takes", () => {
  const grace = VARIABLE_ROWS.find(({ name }) => name === "SHUTDOWN_GRACE")?.fallback;
  const [stop = ""] = valuesOf(unit, "TimeoutStopSec");
  const seconds = (text = "") => Number(/^(\d+)s$/.exec(text)?.[1]);
  assert.ok(seconds(stop) >= seconds(grace) + 0.5 + 1, `TimeoutStopSec=${stop}, SHUTDOWN_GRACE ${grace}`);
});

Deno.test("a mistake in the configuration, exit code 2, is not repeated", () => {
  assert.deepEqual(valuesOf(unit, "Restart"), ["always"]);
  assert.deepEqual(valuesOf(unit, "RestartPreventExitStatus"), ["2"]);
});

for (const dropIns of INSTALLATIONS) {
  const which = ["the unit", ...dropIns].join(" with ");

  Deno.test(`systemd-analyze verify has nothing to say about ${which}`, async () => {
    await needs("systemd-analyze", "install Debian's package systemd");
    await using folder = await openFolder();
    await installIn(folder.path, { dropIns, executable: "/bin/true" });
    const { stdout, stderr } = await run(["systemd-analyze", "verify", "--man=no", `${folder.path}/${UNIT}`]);
    // Units of the machine that are not in order are none of ours.
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("coder-platformx"));
    assert.deepEqual(ours, []);
  });

  Deno.test(`systemd-analyze security is at most 1.5 for ${which}`, async () => {
    const { code, stdout, stderr } = await security(["--threshold=15", "--no-pager"], dropIns);
    assert.match(stdout, /Overall exposure level/, stderr);
    assert.equal(code, 0, stdout);
  });

  Deno.test(`each protection that is missing from ${which} is named with a reason`, async () => {
    const { stdout, stderr } = await security(["--json=short"], dropIns);
    assert.ok(stdout.startsWith("["), stderr);
    const findings: readonly { readonly name: string; readonly exposure: number | null }[] = JSON.parse(
      stdout,
    );
    const texts = [unit, ...await Promise.all(dropIns.map(systemdFile))];
    const comments = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith("#")).join(
      "\n",
    );
    const missing = findings.filter(({ exposure }) => Number(exposure) > 0)
      .map(({ name }) => name.split("=")[0]!);
    assert.ok(missing.includes("MemoryDenyWriteExecute"), stdout);
    assert.deepEqual(missing.filter((name) => !new RegExp(`\\b${name}: .{20}`).test(comments)), []);
  });
}

async function security(options: readonly string[], dropIns: readonly string[]) {
  await needs("systemd-analyze", "install Debian's package systemd");
  await using root = await openFolder();
  await installIn(`${root.path}/etc/systemd/system`, { dropIns });
  return await run([
    ...["systemd-analyze", "security", "--offline=true", `--root=${root.path}`, ...options, UNIT],
  ]);
}
