// Imported without effect: the test run fetches what it is about.
import "../../main.ts";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("THIRD_PARTY_LICENSES has the licences of the packages in the executable, as 'deno task release licences' prints them", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-run", "tools/licences.ts"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  const printed = decoder.decode(stdout);
  for (const name of ["zod", "@opentelemetry/api"]) assert.ok(printed.includes(`\n${name}@`), name);
  assert.equal(await Deno.readTextFile(`${ROOT}THIRD_PARTY_LICENSES`), printed);
});
