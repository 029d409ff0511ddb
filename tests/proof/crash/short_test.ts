import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Milliseconds after which a run that hangs is ended; claims of a dead process last 30 s. */
const HANGS = 240_000;

Deno.test("killed three times under load, the service loses nothing that it had answered 2xx", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", main, "--kills", "3"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(HANGS),
  }).output();
  const [said, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual([code, errors], [0, ""], `${said}\n${errors}`);
  assert.match(said!, /^kills +3$/m);
  assert.match(said!, /^acknowledged +[1-9]\d*$/m);
  assert.match(said!, /^lost +0$/m);
  assert.match(said!, /^sent twice +\d+, unexplained 0$/m);
});
