/** The manifests before a real API server: it would take each of them, and every pod of theirs. */
import assert from "node:assert/strict";
import { changed, type Changes } from "../neighbours/front.ts";
import { fileOf } from "../support/files.ts";
import { openFolder } from "../support/process.ts";
import { startCluster } from "./cluster.ts";

/** The recipe's folder, changed, and with the parts in it that only some need. */
async function recipe(changes: Changes) {
  const folder = await openFolder();
  for await (const { name } of Deno.readDir(fileOf("deploy/kubernetes"))) {
    const text = await Deno.readTextFile(fileOf(`deploy/kubernetes/${name}`));
    const own = name === "statefulset.yaml" ? changes : [];
    await Deno.writeTextFile(
      `${folder.path}/${name}`,
      changed(text, own).replace("# - ingress", "- ingress"),
    );
  }
  return folder;
}

/** What is wrong with a manifest; undefined: nothing is. */
const TRIALS: readonly (readonly [name: string, changes: Changes, wrong: RegExp | undefined])[] = [
  ["as they are", [], undefined],
  [
    "with a field that there is not",
    [["replicas:", "replica:"]],
    /\.spec\.replica: field not declared in schema/,
  ],
  [
    "as root",
    [["runAsNonRoot: true", "runAsNonRoot: false"]],
    /violates PodSecurity "restricted:latest": runAsNonRoot/,
  ],
  [
    "without a seccomp profile",
    [["seccompProfile: { type: RuntimeDefault }", ""]],
    /violates PodSecurity[^]*seccompProfile/,
  ],
];

Deno.test("the API server takes every manifest by a strict dry run, and the pod under 'restricted'", async (t) => {
  await using cluster = await startCluster();
  const { kubectl } = cluster;
  for (const [name, changes, wrong] of TRIALS) {
    await t.step(name, async () => {
      await using folder = await recipe(changes);
      const dry = ["--dry-run=server", "--validate=strict"];
      const applied = await kubectl(["apply", "--server-side", ...dry, "-k", folder.path, "--output=json"]);
      const secret = await kubectl(["apply", "--server-side", ...dry, "-f", `${folder.path}/secret.yaml`]);
      assert.equal(secret.code, 0, secret.stderr);
      const created = applied.code === 0
        ? await kubectl(["create", ...dry, "--namespace=coder-platformx", "-f", "-"], podOf(applied.stdout))
        : applied;
      assert.equal(created.code === 0, wrong === undefined, created.stderr);
      if (wrong !== undefined) assert.match(created.stderr, wrong);
      else assert.equal(applied.stderr + created.stderr + secret.stderr, "");
    });
  }
});

/** A manifest, as far as it is looked at. */
interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: { readonly volumes: readonly object[] } };
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
}

/** The pod that the StatefulSet of a list makes, as JSON. */
function podOf(list: string): string {
  const { items }: { readonly items: readonly Manifest[] } = JSON.parse(list);
  const kinds = items.map(({ kind }) => kind).toSorted();
  assert.deepEqual(kinds, ["Ingress", "NetworkPolicy", "Service", "StatefulSet"]);
  const { template: { metadata, spec }, volumeClaimTemplates } =
    items.find(({ kind }) => kind === "StatefulSet")!.spec;
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  return JSON.stringify({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name: "one" } },
    spec: { ...spec, volumes: [...spec.volumes, ...claims] },
  });
}
