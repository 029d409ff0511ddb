/** The executable, in what the StatefulSet makes of a container, as far as that goes without a cluster. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { eventually } from "../support/eventually.ts";
import { needs, openFolder, run, succeed } from "../support/process.ts";
import { executable } from "../support/program.ts";
import { sampleOf } from "../support/samples.ts";
import { answered, type Program, runProgram, startProgram } from "../support/service.ts";
import { container, imageVariables, pod, variables } from "./kubernetes_manifests.ts";

const SECRETS: Readonly<Record<string, string>> = {
  "getdx-api-key": STAND_IN_KEY,
  "webhook-secret": "for-coder",
  "read-secret": "for-prometheus",
};

/** Folders on this machine for the pod's volumes, owned as the kubelet makes them, and the executable's copy. */
async function volumesIn(path: string): Promise<Readonly<Record<string, string>>> {
  const { fsGroup = 0 } = pod().securityContext ?? {};
  const secret = pod().volumes?.find(({ name }) => name === "secrets")?.secret;
  const volumes = { data: `${path}/data`, secrets: `${path}/secrets` };
  await Deno.mkdir(volumes.data);
  await Deno.chown(volumes.data, 0, fsGroup);
  await Deno.chmod(volumes.data, 0o2775);
  await Deno.mkdir(volumes.secrets);
  for (const [name, value] of Object.entries(SECRETS)) {
    await Deno.writeTextFile(`${volumes.secrets}/${name}`, `${value}\n`);
    await Deno.chown(`${volumes.secrets}/${name}`, 0, fsGroup);
    await Deno.chmod(`${volumes.secrets}/${name}`, secret?.defaultMode ?? 0o644);
  }
  await Deno.copyFile(executable(), `${path}/program`);
  await Deno.chmod(`${path}/program`, 0o755);
  return volumes;
}

/**
 * A command line that runs what follows it as the container would: its user, groups, volumes and lack of rights, and a
 * root file system that has nothing but them, the libraries and the executable, as process 1. The network is the machine's.
 */
function containerIn(path: string, volumes: Readonly<Record<string, string>>): readonly string[] {
  const { runAsUser, runAsGroup, fsGroup } = pod().securityContext ?? {};
  const mounts = (container().volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => [
    ...["--dir", mountPath.replace(/[^/]+$/, "")], // bubblewrap would make it for root only
    readOnly ? "--ro-bind" : "--bind",
    volumes[name] ?? assert.fail(`no volume ${name}`),
    mountPath,
  ]);
  const options = [
    ..."--die-with-parent --unshare-pid --as-pid-1 --info-fd 3 --tmpfs / --proc /proc".split(" "),
    ...["/usr", "/lib", "/lib64"].flatMap((libraries) => ["--ro-bind-try", libraries, libraries]),
    ...["--ro-bind", `${path}/program`, "/coder-platformx"],
    ...mounts,
    ...container().securityContext?.readOnlyRootFilesystem ? ["--remount-ro", "/"] : [],
    ...["--chdir", "/", "--"],
  ];
  const user = ["/usr/bin/setpriv", `--reuid=${runAsUser}`, `--regid=${runAsGroup}`, `--groups=${fsGroup}`];
  const rights = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
  // Bubblewrap tells the process id on standard output, by a copy of it, as it closes what it told it on.
  return ["sh", "-c", 'exec bwrap "$@" 3>&1', "sh", ...options, ...user, ...rights];
}

Deno.test("as this pod the executable serves, keeps its outbox over a restart, and answers every probe and kubectl exec", async () => {
  await needs("setpriv", "install Debian's package util-linux");
  await needs("bwrap", "install Debian's package bubblewrap");
  assert.equal(await succeed(["id", "-u"]), "0\n", "only root can start it as another user: use sudo");
  await using folder = await openFolder();
  await using platformX = await startPlatformX();
  const volumes = await volumesIn(folder.path);
  const inContainer = containerIn(folder.path, volumes);
  const here = { HOST: "127.0.0.1", PORT: "0", GETDX_API_URL: platformX.url };
  const asPod = {
    program: ["/coder-platformx"],
    environment: { ...imageVariables(), ...variables(), ...here },
    directory: "/",
    wrap: (commandLine: readonly string[]) => [...inContainer, ...commandLine],
  };
  const { runAsUser: user, runAsGroup: group } = pod().securityContext ?? {};

  const script = "id -u; id -G; grep CapBnd /proc/self/status; echo > /here";
  const proof = await run([...inContainer, "/usr/bin/sh", "-c", script]);
  assert.match(proof.stdout, new RegExp(`\\n${user}\\n${group}\\nCapBnd:\\t0+\\n$`), proof.stderr);
  assert.match(proof.stderr, /Read-only file system/);

  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  {
    await using service = await startProgram(asPod);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
      const { path = "" } = container()[probe]?.httpGet ?? assert.fail(`${probe} asks nothing`);
      const answer = await fetch(new URL(path, service.url));
      assert.equal(answer.status, 200, probe);
      await answer.body?.cancel();
    }
    assert.deepEqual(await send(service), [202, "queued", undefined]);
    const listed = await runProgram(["outbox", "list"], asPod);
    assert.match(listed.stdout, /pending +Workspace Created/, listed.stderr);
    const ended = await service.stop();
    assert.equal(ended.code, 0, ended.stderr);
  }
  const { mode, uid } = await Deno.stat(`${volumes["data"]}/outbox.db`);
  assert.deepEqual([mode! & 0o777, uid], [0o600, user]);

  platformX.behave();
  await using service = await startProgram(asPod);
  assert.deepEqual(await send(service), [200, "duplicate", undefined]);
  await eventually(() => platformX.events.length > 0, "the event that waited in the outbox to arrive");
  assert.deepEqual(platformX.events.map(({ name, email }) => [name, email]), [
    ["Workspace Created", "alice@example.com"],
  ]);
  const ended = await service.stop();
  assert.equal(ended.code, 0, ended.stderr);
  assert.doesNotMatch(ended.stderr, /"level":"ERROR"|panic|NotCapable/);
});

/** Sends the sample as Coder does. */
function send(service: Program) {
  const authorization = `Basic ${btoa("coder:for-coder")}`;
  return answered(service.post(sampleOf({ name: "Workspace Created" }), { authorization }));
}
