/** A line of settings means what docs/env_files.md says: to this program, and to the systemd that is here. */
import assert from "node:assert/strict";
import { parseDotenv } from "../../lib/config/dotenv.ts";
import { tableOf } from "../documents/markdown.ts";
import { read } from "../support/files.ts";
import { trial } from "./systemd_boot.ts";

/** The table's lines, and what becomes of them. */
const ROWS = tableOf(read("docs/env_files.md"), "Line").map((cells) =>
  cells.map((cell) => cell.replace("`BOM` and `", "`\ufeff").replace(/^`(.*)`$/, "$1"))
);

/** What the table says where a line sets nothing. */
const NOTHING = /^nothing/;

Deno.test("this program reads each line of the table as it says", () => {
  assert.ok(ROWS.length >= 6);
  for (const [line = "", ours = ""] of ROWS) {
    const found = parseDotenv(line).map((found) =>
      found.kind === "setting" ? `${found.name}=${found.value}` : "nothing"
    );
    assert.deepEqual(found, [NOTHING.test(ours) ? "nothing" : `K=${ours}`], line);
  }
});

Deno.test("systemd's EnvironmentFile reads them as the table says", async () => {
  const files = Object.fromEntries(
    ROWS.flatMap(([line = ""], index) => [
      [`/etc/lines/${index}`, `${line}\nLAST=1\n`],
      [
        `/etc/systemd/system/line${index}.service`,
        `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nEnvironmentFile=/etc/lines/${index}\n` +
        `StandardOutput=append:/run/output\nExecStart=/bin/bash -c 'echo "$\${LAST-none} $\${K-nothing}"'\n`,
      ],
    ]),
  );
  const output = await trial(ROWS.map((_, index) => `systemctl start line${index}`).join("\n"), { files });
  const seen = output.trimEnd().split("\n");
  for (const [index, [line, , systemd]] of ROWS.entries()) {
    assert.equal(seen[index], `1 ${NOTHING.test(systemd!) ? "nothing" : systemd}`, line);
  }
});
