import assert from "node:assert/strict";
import { startPlatformX } from "../support/platformx.ts";
import { needs } from "../support/process.ts";
import { assertServes, settingsFor, startExecutable } from "./executable.ts";

Deno.test("on a terminal the executable serves without asking anything, logs text, and Ctrl-C ends it", async () => {
  await needs("script", "install Debian's package bsdutils");
  await using platformX = await startPlatformX();
  const settings = { ...settingsFor(platformX), NO_COLOR: "1" };
  await using service = await startExecutable(settings, { terminal: true });
  await assertServes(service.url, platformX);
  const { code, stdout } = await service.stop();

  assert.equal(code, 0, stdout);
  const lines = stdout.replace("^C", "").trim().split("\r\n");
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARNING) +[a-z_]+ +\S/);
  assert.match(lines.at(-1)!, /stopped/);
});
