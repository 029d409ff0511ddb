import assert from "node:assert/strict";
import { runTrial } from "../trial.ts";

Deno.test("3,000 inputs that nobody should send break no rule", async () => {
  const { code, stdout, stderr } = await runTrial("fuzz", "--inputs", "3000", "--seed", "1");
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  // The rules were looked at: events went out, copies came, and PlatformX failed.
  const looked = [
    ...[/^events sent +\d{3}/m, /forwarded: \d/, /unavailable platformx: \d/, /400 of the server: \d/],
  ];
  for (const words of looked) assert.match(stdout, words);
});
