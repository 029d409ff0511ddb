import assert from "node:assert/strict";
import { denoEnv, denoFiles } from "../../lib/runtime/deno_files.ts";

/** A folder that is removed afterwards, with a pipe in it. */
async function folderWithPipe() {
  const folder = await Deno.makeTempDir();
  const pipe = `${folder}/pipe`;
  assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
  return { folder, pipe, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Writes to a pipe as a shell does, piece by piece. */
function writeTo(pipe: string, script: string): Promise<Deno.CommandOutput> {
  return new Deno.Command("sh", { args: ["-c", `exec >"$0"; ${script}`, pipe] }).output();
}

function text(bytes: Uint8Array | string): string {
  return typeof bytes === "string" ? `!${bytes}` : new TextDecoder().decode(bytes);
}

Deno.test("a file is read to its end, and not beyond the limit", async () => {
  await using place = await folderWithPipe();
  const path = `${place.folder}/file`;
  await Deno.writeTextFile(path, "12345");
  assert.equal(text(await denoFiles.read(path, 5)), "12345");
  assert.equal(await denoFiles.read(path, 4), "too_large");
  await Deno.writeTextFile(path, "");
  assert.equal(text(await denoFiles.read(path, 5)), "");
});

Deno.test("what cannot be read is named by its kind", async () => {
  await using place = await folderWithPipe();
  await Deno.writeTextFile(`${place.folder}/file`, "");
  assert.equal(await denoFiles.read(place.folder, 5), "folder");
  assert.equal(await denoFiles.read(`${place.folder}/none`, 5), "missing");
  assert.equal(await denoFiles.read(`${place.folder}/file/inside`, 5), "unreadable");
  assert.equal(await denoFiles.read("no\0path", 5), "unreadable");
});

Deno.test("a pipe is read once, until its writer closes it", async () => {
  await using place = await folderWithPipe();
  const writer = writeTo(place.pipe, "printf one; sleep 0.1; printf two");
  assert.equal(text(await denoFiles.read(place.pipe, 100)), "onetwo");
  assert.ok((await writer).success);
});

Deno.test("a pipe whose writer comes later is waited for", async () => {
  await using place = await folderWithPipe();
  const reading = denoFiles.read(place.pipe, 100);
  const writer = new Promise((resolve) => setTimeout(resolve, 100)).then(() =>
    writeTo(place.pipe, "printf late")
  );
  assert.equal(text(await reading), "late");
  await writer;
});

Deno.test("a pipe that nobody writes to, or nobody closes, is stalled after some seconds, and all else runs on", async () => {
  await using place = await folderWithPipe();
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  try {
    assert.equal(await denoFiles.read(place.pipe, 100), "stalled");
    assert.ok(ticks > 10, "timers went on");
  } finally {
    clearInterval(ticking);
  }
  const writer = new Deno.Command("sh", {
    args: ["-c", 'exec >"$0"; printf half; read -r _', place.pipe],
    stdin: "piped",
  }).spawn();
  assert.equal(await denoFiles.read(place.pipe, 100), "stalled");
  await writer.stdin.close();
  await writer.status;
});

Deno.test("a pipe or a device without end is too large", async () => {
  await using place = await folderWithPipe();
  const writer = writeTo(place.pipe, "yes 2>/dev/null");
  assert.equal(await denoFiles.read(place.pipe, 70_000), "too_large");
  await writer;
  assert.equal(await denoFiles.read("/dev/zero", 100), "too_large");
});

Deno.test("what is at a path is told, links followed", async () => {
  await using place = await folderWithPipe();
  await Deno.writeTextFile(`${place.folder}/file`, "123");
  await Deno.symlink(`${place.folder}/file`, `${place.folder}/link`);
  const kind = (name: string) => denoFiles.stat(`${place.folder}${name}`)?.kind;
  assert.deepEqual(["", "/file", "/pipe", "/none"].map(kind), ["folder", "file", "other", undefined]);
  assert.deepEqual(denoFiles.stat(`${place.folder}/link`), denoFiles.stat(`${place.folder}/file`));
  assert.equal(denoFiles.stat(`${place.folder}/file`)?.size, 3);
});

Deno.test(
  "whether every user may read a file is told by its mode",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using place = await folderWithPipe();
    const path = `${place.folder}/file`;
    await Deno.writeTextFile(path, "");
    for (const [mode, isForAll] of [[0o600, false], [0o660, false], [0o644, true], [0o604, true]] as const) {
      await Deno.chmod(path, mode);
      assert.equal(denoFiles.stat(path)?.isForAll, isForAll, mode.toString(8));
    }
  },
);

Deno.test("a relative path is told from the root, an absolute one as it is", () => {
  assert.equal(denoFiles.absolute("a/b"), `${Deno.cwd()}/a/b`);
  for (const path of ["/a/b", "\\\\server\\a", "C:\\a"]) assert.equal(denoFiles.absolute(path), path);
});

Deno.test("a variable is read, or is not set", () => {
  Deno.env.set("CODER_PLATFORMX_TEST", "x");
  assert.equal(denoEnv("CODER_PLATFORMX_TEST"), "x");
  Deno.env.delete("CODER_PLATFORMX_TEST");
  assert.equal(denoEnv("CODER_PLATFORMX_TEST"), undefined);
});
