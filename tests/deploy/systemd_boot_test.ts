/** The unit under a real systemd: what it promises, and that nothing of it is relaxed without need. */
import assert from "node:assert/strict";
import { issueCertificate } from "../support/certificates.ts";
import { pathOf } from "../../tools/other_runtime.ts";
import { all } from "../documents/markdown.ts";
import { fileOf } from "../support/files.ts";
import { openFolder } from "../support/process.ts";
import { PROGRAM_NODE } from "../support/program.ts";
import { trial } from "./systemd_boot.ts";
import { ADMIN, DROP_INS, systemdFile } from "./systemd_units.ts";

const OUTBOX = "/var/lib/coder-platformx/outbox.db";

/** A drop-in without an outbox. */
const DIRECT = {
  "/etc/systemd/system/coder-platformx.service.d/direct.conf": "[Service]\nUnsetEnvironment=OUTBOX\n",
};

Deno.test("systemd starts the service as a user of its own, with nothing but its credentials and its outbox", async () => {
  const output = await trial(`
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/
    stat --format='%a %U %n' /var/lib/private/coder-platformx{,/outbox.db}
    grep --extended-regexp 'Umask|CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/$(systemctl show -P MainPID coder-platformx)/status
    show LimitNOFILE,LimitCORE`);
  assert.deepEqual(output.trim().split("\n").map((line) => line.replace(/\s+/g, " ")), [
    '{"status":"queued","event":"Workspace Created"}',
    "700 coder-platformx /var/lib/private/coder-platformx",
    "600 coder-platformx /var/lib/private/coder-platformx/outbox.db",
    "Umask: 0077",
    "CapEff: 0000000000000000",
    "CapBnd: 0000000000000000",
    "NoNewPrivs: 1",
    "Seccomp: 2",
    "LimitCORE=0",
    "LimitNOFILE=65536",
  ]);
});

Deno.test("a crash is mended by a restart that finds the outbox as it was, and a stop is no failure", async () => {
  const output = await trial(`
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/
    systemctl kill --signal=KILL coder-platformx
    until_true is NRestarts 1; ready
    post http://127.0.0.1:8080/
    systemctl stop coder-platformx
    show ActiveState,Result,ExecMainStatus`);
  assert.deepEqual(output.trim().split("\n").toSorted(), [
    "ActiveState=inactive",
    "ExecMainStatus=0",
    "Result=success",
    '{"status":"duplicate","event":"Workspace Created"}',
    '{"status":"queued","event":"Workspace Created"}',
  ]);
});

Deno.test("a SIGHUP ends it in order, and systemd starts it again; a stop is a stop", async () => {
  const output = await trial(
    `
    systemctl start coder-platformx; ready
    systemctl kill --signal=HUP coder-platformx
    until_true is NRestarts 1; ready
    systemctl stop coder-platformx
    show ActiveState,Result
    journalctl --sync; journalctl --output=cat --unit=coder-platformx | grep --count '"event":"stopped"'`,
    { files: DIRECT },
  );
  assert.deepEqual(output.trim().split("\n").toSorted(), [
    "2",
    "ActiveState=inactive",
    "Result=success",
  ]);
});

Deno.test("the administrator's commands have the settings, the credentials and the user of the service", async () => {
  const output = await trial(
    `
    systemctl start dbus.socket
    ${ADMIN} healthcheck 2>/dev/null || echo "code $?"
    systemctl start coder-platformx; ready
    ${ADMIN} healthcheck
    ${ADMIN} check --json >/run/checked || true # PlatformX is not reached
    grep --after-context=2 --extended-regexp '"name": "(EVENTS_TRACKED|WEBHOOK_SECRET|127.0.0.1:8080)"' /run/checked
    sed 's|^set -- /usr/local/bin/coder-platformx|set -- /usr/bin/id|' /usr/local/bin/${ADMIN} >/run/id
    sh /run/id --user --name
    systemctl stop coder-platformx
    sh /run/id --user --name
    ${ADMIN} explain "no such file.json" 2>&1 || echo "code $?"
    ${ADMIN} explain </webhook.json | head --lines=1
    systemctl list-units --all '${ADMIN}*' --no-legend`,
    {
      files: {
        ...DIRECT,
        "/etc/coder-platformx/env": 'EVENTS_TRACKED="Workspace Created, User account created"\n',
      },
    },
  );
  assert.deepEqual(output.trim().replaceAll(/^--\n/gm, "").split("\n").map((line) => line.trim()), [
    "code 1",
    "ok",
    ...[
      '"name": "EVENTS_TRACKED",',
      '"detail": "Workspace Created, User account created",',
      '"state": "ok",',
    ],
    '"name": "WEBHOOK_SECRET",',
    output.match(
      /"detail": "set \(10 characters, from file '\/run\/credentials\/coder-platformx-admin-\d+\.service\/webhook_secret'\)",/,
    )?.[0],
    '"state": "ok",',
    ...['"name": "127.0.0.1:8080",', '"state": "ok",', '"detail": "in use by this service, which says: ok",'],
    "coder-platformx",
    "coder-platformx",
    "'no such file.json' cannot be read: there is no such file",
    "code 1",
    "notification  Workspace Created (tracked)",
  ]);
});

Deno.test("a mistake in the settings, exit code 2, ends it without a restart, and the log names it", async () => {
  const output = await trial(
    `
    systemctl start coder-platformx
    until_true is ActiveState failed
    show ExecMainStatus,NRestarts
    journalctl --sync; journalctl --output=cat --unit=coder-platformx`,
    { files: { "/etc/coder-platformx/env": "PORT=seven\n" } },
  );
  assert.match(output, /ExecMainStatus=2\n/);
  assert.match(output, /NRestarts=0\n/);
  assert.match(output, /PORT must be .*'seven'/);
});

Deno.test("README's two steps change the webhook secret: both are taken, then the new one alone", async () => {
  const [both, one] = all(await systemdFile("README.md"), /```sh\n([^]*?)```/g).filter((block) =>
    block.includes("webhook_secret_previous")
  );
  const output = await trial(`
    by() {
      curl --silent --user "coder:$1" --header "Content-Type: application/json" --data-binary @/webhook.json \
        http://127.0.0.1:8080/ | cut --delimiter='"' --fields=4
    }
    systemctl start coder-platformx; ready
    by the-secret
    ${both}
    ready
    new=$(cat /etc/coder-platformx/webhook_secret)
    by the-secret; by "$new"
    ${one}
    ready
    by the-secret; by "$new"`);
  assert.deepEqual(output.trim().split("\n"), ["queued", "duplicate", "duplicate", "error", "duplicate"]);
});

Deno.test("on Node.js the same unit runs the bundle, and the administrator's commands do", async () => {
  const output = await trial(
    `
    systemctl start dbus.socket
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/
    ${ADMIN} healthcheck
    ${ADMIN} explain --env-file /no/such.env </webhook.json 2>&1 | grep --max-count=1 /no/such.env
    basename "$(readlink /proc/$(systemctl show -P MainPID coder-platformx)/exe)"
    systemctl stop coder-platformx
    show ActiveState,Result,ExecMainStatus`,
    {
      programs: {
        "/usr/bin/node": PROGRAM_NODE ?? await pathOf("node@24", "-p", "process.execPath"),
        "/usr/local/lib/coder-platformx.mjs": fileOf("build/coder-platformx.mjs"),
        "/usr/local/bin/coder-platformx": fileOf("deploy/systemd/coder-platformx-node"),
      },
    },
  );
  assert.deepEqual(output.trim().split("\n"), [
    '{"status":"queued","event":"Workspace Created"}',
    "ok",
    "- /no/such.env must be readable: there is no such file. Correct that, or name another file",
    "node",
    ...["Result=success", "ExecMainStatus=0", "ActiveState=inactive"],
  ]);
});

Deno.test("without its secret it does not start", async () => {
  const output = await trial(`
    rm /etc/coder-platformx/webhook_secret
    systemctl start coder-platformx 2>/dev/null || show ExecMainStatus`);
  assert.equal(output, "ExecMainStatus=243\n");
});

Deno.test("OUTBOX can be unset in a drop-in: then events are delivered directly", async () => {
  const output = await trial(
    `
    systemctl start coder-platformx; ready
    journalctl --sync; journalctl --output=cat --unit=coder-platformx`,
    {
      files: DIRECT,
    },
  );
  assert.match(output, /"event":"starting".*"mode":"direct"/);
});

Deno.test("root can look into the outbox, whether the service runs or not, and the service goes on", async () => {
  const list = `OUTBOX=${OUTBOX} coder-platformx outbox list | grep --only-matching '^[0-9]* pending,'`;
  const owners = `stat --format=%U ${OUTBOX}* | sort --unique`;
  const output = await trial(`
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/
    ${list}; ${owners}
    systemctl kill --signal=KILL coder-platformx
    ${list}
    until_true is NRestarts 1; ready
    ${owners}
    systemctl stop coder-platformx
    ${list}
    stat --format=%u ${OUTBOX} /var/lib/coder-platformx/ | sort --unique | wc --lines
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/`);
  assert.deepEqual(output.trim().split("\n"), [
    '{"status":"queued","event":"Workspace Created"}',
    ...["1 pending,", "coder-platformx"],
    ...["1 pending,", "coder-platformx"],
    ...["1 pending,", "1"],
    '{"status":"duplicate","event":"Workspace Created"}',
  ]);
});

Deno.test("with both drop-ins it serves HTTPS on port 443, with the capability for that and no other one", async () => {
  await using folder = await openFolder();
  const { files, caFile } = await issueCertificate(folder.path, ["DNS:localhost"]);
  const output = await trial(
    `
    systemctl start coder-platformx
    listening() { curl --silent --insecure --output /dev/null https://localhost/; }
    until_true listening
    post --cacert /ca.pem https://localhost/
    grep CapEff /proc/$(systemctl show -P MainPID coder-platformx)/status`,
    {
      dropIns: DROP_INS,
      files: {
        "/ca.pem": await Deno.readTextFile(caFile),
        "/etc/coder-platformx/tls_cert.pem": await Deno.readTextFile(files.cert),
        "/etc/coder-platformx/tls_key.pem": await Deno.readTextFile(files.key),
      },
    },
  );
  assert.deepEqual(output.trim().split(/\n|\t/), [
    '{"status":"queued","event":"Workspace Created"}',
    ...["CapEff:", "0000000000000400"], // bit 10: CAP_NET_BIND_SERVICE
  ]);
});

for (
  const { tightened, status, signal } of [
    { tightened: "MemoryDenyWriteExecute=yes", status: 5, signal: "SIGTRAP" },
    { tightened: "SystemCallErrorNumber=", status: 31, signal: "SIGSYS" },
  ]
) {
  Deno.test(`with ${tightened} the service would end with ${signal}`, async () => {
    const output = await trial(
      `
      systemctl start coder-platformx || true # it can end before systemd counts it as started
      until_true is ActiveState failed
      show Result,ExecMainStatus`,
      {
        files: {
          "/etc/systemd/system/coder-platformx.service.d/90-tightened.conf":
            `[Service]\n${tightened}\nRestart=no\n`,
        },
      },
    );
    assert.deepEqual(output.trim().split("\n").toSorted(), [`ExecMainStatus=${status}`, "Result=signal"]);
  });
}
