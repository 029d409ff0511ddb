/** The log in journald, and behind it in rsyslog as the recipe sets it up: levels are priorities, a line is a message. */
import assert from "node:assert/strict";
import { needs } from "../support/process.ts";
import type { Entry } from "../support/service.ts";
import { trial } from "./systemd_boot.ts";
import { systemdFile } from "./systemd_units.ts";

/** Priorities of the levels, as in syslog(3). */
const PRIORITIES: Readonly<Record<string, string>> = { DEBUG: "7", INFO: "6", WARNING: "4", ERROR: "3" };

/** The service is its own PlatformX here, and no good one: an ERROR. And a WARNING about the settings. */
const SETTINGS = "GETDX_API_URL=http://127.0.0.1:8080/nowhere\nDEDUP_WINDOW=10m\nLOG_LEVEL=DEBUG\n";

Deno.test("journald knows the level of each line, rsyslog has each in a file, and each is one JSON object", async () => {
  await needs("rsyslogd", "install Debian's package rsyslog");
  const output = await trial(
    `
    systemctl start syslog.socket rsyslog
    systemctl start coder-platformx; ready
    post http://127.0.0.1:8080/ >/dev/null
    logged() { journalctl --sync; journalctl --output=cat --unit=coder-platformx | grep --quiet wrong_url; }
    until_true logged
    systemctl stop coder-platformx; journalctl --sync
    until_true grep --quiet stopped /var/log/coder-platformx.log
    journalctl --output=json --unit=coder-platformx _COMM=coder-platformx; echo ---
    journalctl --output=cat --unit=coder-platformx --priority=warning; echo ---
    cat /var/log/coder-platformx.log; echo ---
    grep '"event"' /var/log/syslog || true`,
    {
      files: {
        "/etc/coder-platformx/env": SETTINGS,
        "/etc/systemd/system/coder-platformx.service.d/direct.conf": "[Service]\nUnsetEnvironment=OUTBOX\n",
        "/etc/rsyslog.d/coder-platformx.conf": await systemdFile("rsyslog.conf"),
      },
    },
  );
  const [journal, warnings, file, syslog] = output.split("---\n").map((part) =>
    part.split("\n").slice(0, -1)
  );
  const records = journal!.map((line): Record<string, string> => JSON.parse(line));
  const lines = records.map(({ MESSAGE }) => MESSAGE!);
  const entries = lines.map((line): Entry => JSON.parse(line));
  assert.deepEqual(new Set(entries.map(({ level }) => level)), new Set(Object.keys(PRIORITIES)));
  assert.deepEqual(file!.toSorted(), lines.toSorted());
  assert.deepEqual(syslog, []);
  for (const [index, { PRIORITY }] of records.entries()) {
    assert.equal(PRIORITY, PRIORITIES[entries[index]!.level], lines[index]);
  }
  assert.deepEqual(warnings, lines.filter((_, index) => /WARNING|ERROR/.test(entries[index]!.level)));
});
