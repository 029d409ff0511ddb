import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { startPlatformX } from "../support/platformx.ts";
import { settingsFor } from "../compiled/executable.ts";
import { eventually } from "../support/eventually.ts";
import { openFolder, succeed } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import type { Environment } from "../support/program.ts";
import { sampleOf } from "../support/samples.ts";
import { answered } from "../support/service.ts";
import { BASES, makeBases } from "./bases.ts";
import { Buildah } from "./buildah.ts";
import { filesIn, newVolume, runIn, startIn, type Unpacked } from "./container.ts";
import { compileProbe, look } from "./probe.ts";

const CONTEXT = fileOf("");
const USER = 65532;

/** What the tests look at. */
interface Made {
  readonly folder: string;
  readonly buildah: Buildah;
  readonly image: Unpacked;
  /** The base image's files. */
  readonly baseRoot: string;
  /** The program that tells its surroundings. */
  readonly probe: string;
}

const folder = await openFolder();
Deno.test.afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

/** Made once, as it takes half a minute, and by the first test: a failure of `beforeAll` is in no report. */
let making: Promise<Made> | undefined;
const made = () => making ??= make(folder.path);

async function make(folder: string): Promise<Made> {
  assert.equal(await succeed(["id", "-u"]), "0\n", "only root can build and start it: use sudo");
  const buildah = new Buildah(`${folder}/storage`);
  await makeBases(buildah, `${folder}/bases`);
  await buildah.build(CONTEXT, "image", { ...BASES, VERSION: manifest.version, REVISION: "0123abc" });
  const image = { config: await buildah.configOf("image"), root: `${folder}/root` };
  await buildah.unpack("image", image.root);
  const baseRoot = `${folder}/base-root`;
  await buildah.unpack(BASES.RUN_IMAGE, baseRoot);
  return { folder, buildah, image, baseRoot, probe: await compileProbe(folder) };
}

Deno.test("the image adds to its base the executable, which nobody may change, the licences, and an empty /data of the service's user", async () => {
  const { image, baseRoot } = await made();
  const base = await filesIn(baseRoot);
  const files = await filesIn(image.root);
  const added = [...files].filter(([path, what]) => base.get(path) !== what);
  assert.deepEqual(added.map(([path, what]) => `${path} ${what.replace(/ \d+$/, "")}`).sort(), [
    "/coder-platformx f 755 0:0",
    `/data d 755 ${USER}:${USER}`,
    "/usr/share/doc/coder-platformx d 755 0:0",
    "/usr/share/doc/coder-platformx/LICENSE f 644 0:0",
    "/usr/share/doc/coder-platformx/THIRD_PARTY_LICENSES f 644 0:0",
  ]);
  assert.deepEqual([...base.keys()].filter((path) => !files.has(path)), [], "and it leaves all of the base");
});

Deno.test("the image starts the executable as its user, with arguments after it, and declares port and health check", async () => {
  const { image } = await made();
  const { User, Entrypoint, Cmd, WorkingDir, ExposedPorts, Volumes, Healthcheck } = image.config;
  assert.deepEqual({ User, Entrypoint, Cmd: Cmd ?? [], WorkingDir, ExposedPorts, Volumes: Volumes ?? {} }, {
    User: `${USER}:${USER}`,
    Entrypoint: ["/coder-platformx"],
    Cmd: [],
    WorkingDir: "/",
    ExposedPorts: { "8080/tcp": {} },
    Volumes: {},
  });
  assert.deepEqual(Healthcheck.Test, ["CMD", "/coder-platformx", "healthcheck"]);
});

Deno.test("the image sets no setting of the service, so that the host decides about all of them", async () => {
  const { image } = await made();
  const names = image.config.Env.map((entry) => entry.split("=")[0]);
  assert.deepEqual(names, ["PATH", "SSL_CERT_FILE", "DENO_USE_CGROUPS"]);
});

Deno.test("the labels tell the version and the revision that the builder was told", async () => {
  const { image } = await made();
  const told = Object.entries(image.config.Labels)
    .filter(([name]) =>
      /\.(title|version|revision|licenses)$/.test(name) && name.startsWith("org.opencontainers.")
    )
    .map(([name, value]) => [name.replace("org.opencontainers.image.", ""), value]);
  assert.deepEqual(Object.fromEntries(told), {
    title: "coder-platformx",
    version: manifest.version,
    revision: "0123abc",
    licenses: manifest.license,
  });
});

Deno.test("a build that is told another version than deno.json's fails and names the right one", async () => {
  const { buildah } = await made();
  await assert.rejects(
    buildah.build(CONTEXT, "other", { ...BASES, VERSION: "9.9.9" }),
    (error: Error) => error.message.includes(`VERSION must be ${manifest.version}`),
  );
});

for (const args of [["check"], ["outbox", "list"], ["healthcheck"]]) {
  Deno.test(`'docker exec' of '${args.join(" ")}' finds the running service, with the image's user and folder`, async () => {
    const { folder, image } = await made();
    await using platformX = await startPlatformX();
    const volume = await newVolume(folder, image);
    const settings = { ...settingsFor(platformX), OUTBOX: "/data/outbox.db" };
    await using service = await startIn(image, { settings, volume });
    const same = { ...settings, PORT: String(service.port) };
    const { code, stdout, stderr } = await runIn(image, args, { settings: same, volume });
    assert.equal(code, 0, stdout + stderr);
  });
}

Deno.test("'docker run IMAGE' without settings names what is missing, and ends with 2", async () => {
  const { image } = await made();
  const { code, stderr } = await runIn(image, []);
  assert.deepEqual([code, /GETDX_API_KEY/.test(stderr)], [2, true], stderr);
});

Deno.test("with a new volume, as user 65532, without capabilities, on a read-only root, the outbox takes and delivers a webhook, and SIGTERM ends it with 0", async () => {
  const { folder, image, probe } = await made();
  await using platformX = await startPlatformX();
  const volume = await newVolume(folder, image);
  const settings = { ...settingsFor(platformX), OUTBOX: "/data/outbox.db" };
  const { heapLimit: _, ...surroundings } = await look(image, probe, { volume });
  assert.deepEqual(surroundings, {
    pid: 1,
    user: `${USER}\t${USER}\t${USER}\t${USER}`,
    capabilities: ["0000000000000000", "0000000000000000", "0000000000000000"],
    writable: ["/data"],
  });

  await using service = await startIn(image, { settings, volume });
  const webhook = sampleOf({ name: "Workspace Created" });
  assert.deepEqual(await answered(service.post(webhook)), [202, "queued", undefined]);
  await eventually(() => platformX.events.length > 0, "the event is delivered");
  assert.deepEqual(platformX.events.map(({ email }) => email), ["alice@example.com"]);
  const alive = await healthcheck(image, { ...settings, PORT: String(service.port) });
  const ended = await service.stop();
  const gone = await healthcheck(image, { ...settings, PORT: String(service.port) });

  assert.deepEqual([alive.code, ended.code, gone.code], [0, 0, 1], alive.stderr + ended.stderr);
  assert.match(ended.stdout, /"event":"stopped"/);
  const { uid, mode } = await Deno.stat(`${volume}/outbox.db`);
  assert.deepEqual([uid, (mode! & 0o777).toString(8)], [USER, "600"]);
});

/** A container's memory limit in MiB, as the kernel shows it in there with a control group namespace of its own. */
for (const limit of [512, 1024, 2048]) {
  Deno.test(`in a container of ${limit} MiB V8's heap may take half of it`, async () => {
    const { folder, image, probe } = await made();
    const [group, memory] = [`${folder}/cgroup`, `${folder}/memory.max`];
    await Deno.writeTextFile(group, "0::/\n");
    await Deno.writeTextFile(memory, `${limit * 2 ** 20}\n`);
    const more = ["--ro-bind", group, "/proc/1/cgroup", "--ro-bind", memory, "/sys/fs/cgroup/memory.max"];
    const { heapLimit: heap } = await look(image, probe, { more });
    // The young generation comes on top of the half.
    assert.ok(heap >= 0.5 * limit && heap <= 0.6 * limit, `V8's limit is ${heap} MiB`);
  });
}

Deno.test("size and start-up time are stated", async () => {
  const { image } = await made();
  await using platformX = await startPlatformX();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    await using service = await startIn(image, { settings: settingsFor(platformX) });
    assert.equal((await service.health()).status, "ok");
    times.push(Math.round(performance.now() - from));
  }
  const packed = Number(await succeed(["sh", "-c", `gzip -c ${image.root}/coder-platformx | wc -c`]));
  const { size } = await Deno.stat(`${image.root}/coder-platformx`);
  assert.ok(packed > 0 && packed < size);
  console.log(
    `The image adds ${megabytes(size)} to its base, ${megabytes(packed)} compressed. ` +
      `Start-up to the first answer: ${times.sort((a, b) => a - b).join(", ")} ms.`,
  );
});

/** Runs the image's health check where the service runs. */
function healthcheck(image: Unpacked, settings: Environment) {
  const [, ...Entrypoint] = image.config.Healthcheck.Test;
  return runIn({ ...image, config: { ...image.config, Entrypoint } }, [], { settings });
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
