/**
 * Tries what the service must not be able to do, and prints what became of each try: a JSON line of the permission, the
 * try, and the error. It is JavaScript because it runs in the place of the executable's own program, untranslated.
 * Arguments: a folder to write in; then "worker", to try nothing but a worker with a permission of its own.
 */
import childProcess from "node:child_process";
import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

const [folder, only] = Deno.args;
const native = `${folder}/native.node`;
const link = `${folder}/link`;
const copy = `${folder}/copy`;
const ENVIRON = "/proc/self/environ";

const TRIES = {
  run: {
    "Deno.Command": () => new Deno.Command("/bin/true").outputSync(),
    "Deno.Command of itself": () => new Deno.Command(Deno.execPath(), { args: ["--version"] }).outputSync(),
    "Deno.Command in a worker": () => inWorker(),
    "Deno.kill": () => Deno.kill(Deno.ppid, "SIGCONT"),
    "process.kill": () => process.kill(Deno.ppid, 0),
    // These look into the environment first, and get no further.
    "node:child_process spawnSync": () => failed(childProcess.spawnSync("/bin/true", [], { env: {} })),
    "node:child_process execSync": () => childProcess.execSync("true", { env: {} }),
  },
  ffi: {
    "Deno.dlopen": () => Deno.dlopen(native, {}),
    "Deno.UnsafePointer": () => Deno.UnsafePointer.create(1n),
    "process.dlopen": () => process.dlopen({ exports: {} }, native),
    "require of a native module": () => createRequire("file:///")(native),
    "an extension of node:sqlite": () =>
      new DatabaseSync(":memory:", { allowExtension: true }).loadExtension(native),
  },
  sys: {
    "Deno.hostname": () => Deno.hostname(),
    "Deno.osRelease": () => Deno.osRelease(),
    "Deno.osUptime": () => Deno.osUptime(),
    "Deno.systemMemoryInfo": () => Deno.systemMemoryInfo(),
    "Deno.loadavg": () => Deno.loadavg(),
    "Deno.networkInterfaces": () => Deno.networkInterfaces(),
    "Deno.uid": () => Deno.uid(),
    "Deno.gid": () => Deno.gid(),
    "process.getuid": () => process.getuid(),
    "os.hostname": () => os.hostname(),
    "os.userInfo": () => os.userInfo(),
    "os.cpus": () => os.cpus(),
  },
  env: {
    "Deno.env.get": () => Deno.env.get("UNNAMED"),
    "Deno.env.has": () => Deno.env.has("UNNAMED"),
    "Deno.env.set": () => Deno.env.set("UNNAMED", "changed"),
    "Deno.env.toObject": () => Deno.env.toObject(),
    "process.env": () => process.env.UNNAMED,
    "names of process.env": () => Object.keys(process.env),
  },
  // The environment and the memory of processes are files too: these take --allow-all.
  all: {
    "a file": () => Deno.readTextFileSync(ENVIRON),
    "a file by another path": () => Deno.readTextFileSync(`/dev/../proc/${Deno.pid}/environ`),
    "a file of another process": () => Deno.readTextFileSync("/proc/1/environ"),
    "a link": () => Deno.readTextFileSync(link),
    "a copy": () => Deno.copyFileSync(ENVIRON, copy),
    "a copy by node:fs": () => copyFileSync(ENVIRON, copy),
    "fetch": async () => await (await fetch(`file://${ENVIRON}`)).text(),
    "the memory": () => Deno.openSync("/proc/self/mem", { read: true, write: true }).close(),
  },
  request: Object.fromEntries(
    [{ name: "run" }, { name: "ffi" }, { name: "sys" }, { name: "env" }, { name: "env", variable: "UNNAMED" }]
      .map((descriptor) => [JSON.stringify(descriptor), async () => {
        throw await Deno.permissions.request(descriptor);
      }]),
  ),
  // What may be done, so that an executable that can do nothing at all does not pass.
  allowed: {
    "a variable that is named": () => Deno.env.get("PORT"),
    "a file": () => Deno.readTextFileSync("/etc/passwd"),
    "a file to write": () => Deno.writeTextFileSync(`${folder}/written`, ""),
    "a listener": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  },
  // Deno's module loader asks for no permission: what it reads must not come out in its words.
  import: { "a file": () => import(`file://${ENVIRON}`) },
};

function failed({ error }) {
  if (error) throw error;
}

/** A program, started in a worker. */
function inWorker(options = {}) {
  const code = `
    let said = { name: "done", message: "" };
    try { new Deno.Command("/bin/true").outputSync(); } catch ({ name, message }) { said = { name, message }; }
    self.postMessage(said);
    self.close();`;
  return new Promise((_, reject) => {
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, {
      type: "module",
      ...options,
    });
    worker.onmessage = ({ data }) => reject(data);
  });
}

if (only === "worker") await inWorker({ deno: { permissions: { run: true } } });

Deno.symlinkSync(ENVIRON, link);
Deno.writeTextFileSync(native, "");
for (const [permission, tries] of Object.entries(TRIES)) {
  for (const [name, attempt] of Object.entries(tries)) {
    let became = ["done", ""];
    try {
      await attempt();
    } catch (error) {
      became = [error.name ?? error.state, error.message ?? ""];
    }
    console.log(JSON.stringify([permission, name, ...became]));
  }
}
console.log(JSON.stringify(["end", "", "", ""]));
// Ends workers and children of a run in which they could be made.
Deno.exit(0);
