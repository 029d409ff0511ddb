// Imported without effect: the test run fetches what it is about.
import "../../main.ts";
import assert from "node:assert/strict";
import { succeed } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

Deno.test("THIRD_PARTY_LICENSES has the licences of the packages in the executable, as 'deno task release licences' prints them", async () => {
  const task = [Deno.execPath(), "run", "--no-prompt", "--allow-read", "--allow-run", "tools/licences.ts"];
  const printed = await succeed(task, {
    cwd: fileOf(""),
    environment: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  for (const name of ["zod", "@opentelemetry/api"]) assert.ok(printed.includes(`\n${name}@`), name);
  assert.equal(await Deno.readTextFile(fileOf("THIRD_PARTY_LICENSES")), printed);
});
