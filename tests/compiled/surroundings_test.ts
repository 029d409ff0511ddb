import assert from "node:assert/strict";
import { startPlatformX } from "../support/platformx.ts";
import { needs, openFolder, run } from "../support/process.ts";
import { executable } from "../support/program.ts";
import { runProgram } from "../support/service.ts";
import { assertServes, settingsFor, startExecutable } from "./executable.ts";

const NOBODY = "65534";
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];

/** Tells the process id on standard output, by a copy of it, as bubblewrap closes what it told it on. */
const READ_ONLY = [
  "sh",
  "-c",
  'exec bwrap --die-with-parent --ro-bind / / --proc /proc --dev /dev --remount-ro /dev --info-fd 3 -- "$@" 3>&1',
  "sh",
];

/** What the service finds around it: `proof` is a shell script there, and what it must print. */
const SURROUNDINGS: readonly {
  readonly name: string;
  readonly wrapper: readonly string[];
  readonly proof: readonly [script: string, printed: RegExp];
}[] = [
  { name: "no HOME, an empty folder", wrapper: [], proof: ['echo "[${HOME-none}]"; ls -A', /^\[none\]\n$/] },
  { name: "another user", wrapper: AS_NOBODY, proof: ["id -u; touch here 2>&1", /^65534\n.*denied\n$/] },
  {
    name: "read-only file system",
    wrapper: READ_ONLY,
    proof: ["touch here 2>&1", /Read-only file system\n$/],
  },
  {
    name: "another user on a read-only file system",
    wrapper: [...READ_ONLY, ...AS_NOBODY],
    proof: ["id -u; cat /proc/mounts", /\n65534\n[^ ]+ \/ [^ ]+ ro,/],
  },
];

for (const { name, wrapper, proof: [script, printed] } of SURROUNDINGS) {
  Deno.test(`with nothing but settings in its environment the executable serves, writes no file, and SIGTERM ends it: ${name}`, async () => {
    await needs("setpriv", "install Debian's package util-linux");
    await needs("bwrap", "install Debian's package bubblewrap");
    assert.equal((await run(["id", "-u"])).stdout, "0\n", "only root can start it as another user: use sudo");
    await using home = await openFolder();
    await using folder = await openFolder();
    await using platformX = await startPlatformX();
    const program = `${home.path}/coder-platformx`; // where every user can reach it, away from the project
    await Deno.copyFile(executable(), program);
    await Deno.chmod(program, 0o755);

    const around = {
      wrap: (commandLine: readonly string[]) => [...wrapper, ...commandLine],
      directory: folder.path,
    };
    const probe = await runProgram(["-c", script], { ...around, program: ["/bin/sh"] });
    assert.match(probe.stdout, printed, `the surroundings are not as they should be: ${probe.stderr}`);

    const settings = { ...settingsFor(platformX), TMPDIR: folder.path };
    await using service = await startExecutable(settings, { ...around, program: [program] });
    await assertServes(service.url, platformX);
    const { code, stdout, stderr } = await service.stop();

    assert.equal(code, 0, stderr);
    assert.match(stdout, /"event":"stopped".*"unanswered":0\}\n$/);
    assert.doesNotMatch(stderr, /"level":"ERROR"|panic|NotCapable/);
    assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  });
}
