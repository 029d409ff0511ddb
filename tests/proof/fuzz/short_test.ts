import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Milliseconds after which a run that hangs is ended. */
const HANGS = 240_000;

Deno.test("3,000 inputs that nobody should send break no rule", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const permissions = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, main, "--inputs", "3000", "--seed", "1"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(HANGS),
  }).output();
  const [said, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, `${said}\n${errors}`);
  // The rules were looked at: events went out, copies came, and PlatformX failed.
  for (
    const words of [
      /^events sent +\d{3}/m,
      /forwarded: \d/,
      /unavailable platformx: \d/,
      /400 of the server: \d/,
    ]
  ) {
    assert.match(said!, words);
  }
});
