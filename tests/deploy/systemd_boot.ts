/** A trial of the unit under a systemd that is process 1, in namespaces of its own: see `systemd_boot.sh`. */
import { needs, openFolder, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { executable } from "../support/program.ts";
import { ADMIN, credentialsOf, installIn, systemdFile, UNIT } from "./systemd_units.ts";

/** What every secret of the installation is, where `files` does not say otherwise. */
const SECRET = "the-secret";

/**
 * Installs executable, unit, drop-ins and stand-ins for the secrets, boots, runs a shell script there, and returns what
 * it printed. {@link COMMANDS} are known to it.
 *
 * @throws {Error} when the script fails; the message holds what it printed
 */
export async function trial(
  script: string,
  { dropIns = [], files = {}, programs = { "/usr/local/bin/coder-platformx": executable() } }: {
    readonly dropIns?: readonly string[];
    /** Contents of further files, by their path. */
    readonly files?: Readonly<Record<string, string>>;
    /** What the service is made of: files of this machine, by the path at which they are installed. */
    readonly programs?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  await needs("systemctl", "install Debian's package systemd");
  await needs("curl", "install Debian's package curl");
  await needs("dbus-daemon", "install Debian's package dbus");
  await using folder = await openFolder();
  const root = `${folder.path}/files`;
  await installIn(`${root}/etc/systemd/system`, { dropIns });
  const texts = await Promise.all([UNIT, ...dropIns].map(systemdFile));
  const secrets = Object.fromEntries([...credentialsOf(...texts).values()].map((file) => [file, SECRET]));
  for (const [name, text] of Object.entries({ ...secrets, ...files })) {
    const file = `${root}${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text, { mode: 0o600 });
  }
  const commands = { ...programs, [`/usr/local/bin/${ADMIN}`]: fileOf(`deploy/systemd/${ADMIN}`) };
  for (const [name, source] of Object.entries(commands)) {
    const file = `${root}${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(source, file);
    await Deno.chmod(file, 0o755);
  }
  await Deno.copyFile(fileOf("tests/fixtures/coder/workspace-created.json"), `${root}/webhook.json`);
  await Deno.writeTextFile(`${folder.path}/trial.sh`, COMMANDS + script);

  const boot = ["timeout", "--kill-after=5", "90", fileOf("tests/deploy/systemd_boot.sh"), folder.path];
  const { code, stderr } = await run(boot);
  const output = await Deno.readTextFile(`${folder.path}/output`).catch(() => "");
  if (code !== 0) {
    throw new Error(`the trial ended with ${code}:\n${stderr}${output}`);
  }
  return output;
}

/** Shell functions of a trial: waiting for a condition, a webhook to the service, properties that systemd has of it. */
const COMMANDS = `
until_true() { for _ in {1..200}; do "$@" && return; sleep 0.1; done; echo "in vain: $*"; journalctl --no-pager | tail -n 20; exit 1; }
healthy() { coder-platformx healthcheck >/dev/null 2>&1; }
ready() { until_true healthy; }
post() {
  curl --silent --show-error --user "coder:${SECRET}" --header "Content-Type: application/json" \\
    --data-binary @/webhook.json "$@" && echo
}
show() { systemctl show --property "$1" coder-platformx; }
is() { [[ $(systemctl show --property "$1" --value coder-platformx) == "$2" ]]; }
`;
