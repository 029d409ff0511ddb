import assert from "node:assert/strict";
import { startPlatformX } from "../../tools/demo/platformx.ts";
import { executable, needs, openFolder, withOnly } from "./executable.ts";
import { assertServes, settingsFor } from "./exchange.ts";
import { start } from "./service.ts";

Deno.test("on a terminal the executable serves without asking anything, logs text, and Ctrl-C ends it", async () => {
  await needs("script", "install Debian's package bsdutils");
  await using folder = await openFolder();
  await using platformX = startPlatformX();
  const words = withOnly({ ...settingsFor(platformX), NO_COLOR: "1" }, executable());
  const shellLine = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");

  await using service = await start(
    // `exec`, because a shell that waits, such as dash, would end of the Ctrl-C itself, with 130.
    ["script", "--quiet", "--flush", "--return", "--command", `exec ${shellLine}`, "/dev/null"],
    { cwd: folder.path, onTerminal: true },
  );
  await assertServes(service.url, platformX);
  const { code, stdout } = await service.stop();

  assert.equal(code, 0, stdout);
  const lines = stdout.replace("^C", "").trim().split("\r\n");
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARNING) +[a-z_]+ +\S/);
  assert.match(lines.at(-1)!, /stopped/);
});
