import assert from "node:assert/strict";
import { runTrial } from "../trial.ts";

Deno.test("killed three times under load, the service loses nothing that it had answered 2xx", async () => {
  const { code, stdout, stderr } = await runTrial("crash", "--kills", "3");
  assert.deepEqual([code, stderr], [0, ""], `${stdout}\n${stderr}`);
  assert.match(stdout, /^kills +3$/m);
  assert.match(stdout, /^acknowledged +[1-9]\d*$/m);
  assert.match(stdout, /^lost +0$/m);
  assert.match(stdout, /^sent twice +\d+, unexplained 0$/m);
});
