import assert from "node:assert/strict";
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import { RecordingLog } from "../support/fakes.ts";

/** A key from a file; `write` replaces the file's text, undefined removes the file. */
async function keyFile(text: string | undefined) {
  const path = await Deno.makeTempFile();
  const write = async (text: string | undefined) => {
    await (text === undefined ? Deno.remove(path) : Deno.writeTextFile(path, text));
  };
  await write(text);
  const log = new RecordingLog();
  return {
    key: new ApiKey("old-key", path, denoFiles, log),
    log,
    write,
    [Symbol.asyncDispose]: () => Deno.remove(path).catch(() => {}),
  };
}

Deno.test("another key in the file is used from then on, and said once", async () => {
  await using file = await keyFile("new-key\n");
  assert.equal(file.key.current, "old-key", "nothing is read before it is asked for");
  await file.key.reload();
  await file.key.reload();
  assert.equal(file.key.current, "new-key");
  assert.deepEqual(file.log.entries.map(({ level, event }) => [level, event]), [["INFO", "key_reloaded"]]);
  assert.doesNotMatch(JSON.stringify(file.log.entries), /new-key|old-key/);
});

Deno.test("the file is read as it is at the start: trimmed, one pair of quotes removed", async (t) => {
  for (const text of ["new-key", " new-key \r\n", "\ufeffnew-key\n", '"new-key"\n', "'new-key'"]) {
    await t.step(JSON.stringify(text), async () => {
      await using file = await keyFile(text);
      await file.key.reload();
      assert.equal(file.key.current, "new-key");
    });
  }
});

Deno.test("a file that holds the same key, or none that can be used, changes nothing", async (t) => {
  const rows = [
    "old-key",
    "old-key\n",
    '"old-key"',
    "",
    "\n",
    "two words",
    "two\nlines",
    "schlüssel",
    undefined,
  ];
  for (const text of rows) {
    await t.step(text === undefined ? "no file" : JSON.stringify(text), async () => {
      await using file = await keyFile(text);
      await file.key.reload();
      assert.equal(file.key.current, "old-key");
      assert.deepEqual(file.log.entries, []);
    });
  }
});

Deno.test("a file that comes back after it was missing is read", async () => {
  await using file = await keyFile(undefined);
  await file.key.reload();
  await file.write("new-key");
  await file.key.reload();
  assert.equal(file.key.current, "new-key");
});

Deno.test("a key that came from no file stays", async () => {
  const log = new RecordingLog();
  const key = new ApiKey("old-key", undefined, denoFiles, log);
  await key.reload();
  assert.equal(key.current, "old-key");
  assert.deepEqual(log.entries, []);
});
