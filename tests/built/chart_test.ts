/** The Helm chart makes what the plain manifests are. */
import assert from "node:assert/strict";
import { problemsOf } from "../recipes/check.ts";
import { fileOf, read } from "../support/files.ts";
import { openFolder, succeed } from "../support/process.ts";
import { built } from "./built.ts";
import { CHART, helm, NAMESPACE, NEEDED, objectsIn, POSTGRES, rendered, set } from "./chart.ts";

/** What a recipe applies, as kubectl puts it together. */
async function plain(recipe: "kubernetes" | "kubernetes_postgres") {
  const kubectl = `${await built("kubernetes")}/kubectl`;
  await using folder = await openFolder();
  await succeed(["cp", "-r", fileOf("deploy/kubernetes"), fileOf("deploy/kubernetes_postgres"), folder.path]);
  const file = `${folder.path}/${recipe}/kustomization.yaml`;
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace("OWNER", "your-organisation"));
  return objectsIn(await succeed([kubectl, "kustomize", `${folder.path}/${recipe}`]));
}

const NAME = "app.kubernetes.io/name";
const INSTANCE = "app.kubernetes.io/instance";
const OF_HELM = ["app.kubernetes.io/managed-by", "helm.sh/chart"];

/** A tree without the labels that only the chart has, which stand beside the one that all have. */
function withoutLabels(node: unknown, release = "coder-platformx"): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutLabels(item, release));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node);
  if (NAME in node) {
    const { [INSTANCE]: instance } = node as Readonly<Record<string, unknown>>;
    assert.equal(instance, release, `${INSTANCE} in ${JSON.stringify(node)}`);
  }
  return Object.fromEntries(
    entries.filter(([key]) => key !== INSTANCE && !OF_HELM.includes(key))
      .map(([key, value]) => [key, withoutLabels(value, release)]),
  );
}

Deno.test("what the chart makes with a volume is deploy/kubernetes, but for labels", async () => {
  assert.deepEqual(withoutLabels(objectsIn(await rendered())), await plain("kubernetes"));
});

Deno.test("what it makes with PostgreSQL is deploy/kubernetes_postgres, but for labels", async () => {
  assert.deepEqual(withoutLabels(objectsIn(await rendered(POSTGRES))), await plain("kubernetes_postgres"));
});

Deno.test("its Ingress and its ServiceMonitor are those of the recipes", async () => {
  const values = ["ingress.host=relay.example.com", "serviceMonitor.enabled=true"];
  const { Ingress, ServiceMonitor } = objectsIn(await rendered(values));
  const ingress = objectsIn(read("deploy/kubernetes/ingress.yaml"))["Ingress"]!;
  const metadata = { ...ingress.metadata, namespace: NAMESPACE };
  assert.deepEqual(withoutLabels(Ingress), { ...ingress, metadata });
  const monitor = objectsIn(read("deploy/prometheus/service-monitor.yaml"))["ServiceMonitor"];
  assert.deepEqual(withoutLabels(ServiceMonitor), monitor);
});

Deno.test("without an outbox it makes one pod, that of PostgreSQL without its address", async () => {
  const { NetworkPolicy: policy, PodDisruptionBudget: _, ...shared } = objectsIn(await rendered(POSTGRES));
  const { NetworkPolicy, ...alone } = objectsIn(await rendered(["outbox=none"]));
  const text = JSON.stringify(shared)
    .replace('{"name":"OUTBOX_FILE","value":"/etc/coder-platformx/outbox"},', "")
    .replace('"replicas":2', '"replicas":1');
  assert.deepEqual(alone, JSON.parse(text));
  assert.ok(JSON.stringify(policy).includes("5432"));
  assert.deepEqual(NetworkPolicy, objectsIn(await rendered())["NetworkPolicy"]);
});

Deno.test("the pods of another release in the same namespace are not selected", async () => {
  const values = ["ingress.host=relay.example.com", "serviceMonitor.enabled=true", ...POSTGRES];
  // A name that is a number to YAML, unless it is quoted.
  const objects = objectsIn(await rendered(values, "12"));
  withoutLabels(objects, "12");
  for (const { metadata } of Object.values(objects)) assert.equal(metadata.name, "12");
});

Deno.test("settings and places in what it makes are the service's", async (t) => {
  const env = 'env:={"EVENTS_TRACKED":"Workspace Created","SHUTDOWN_GRACE":"8s"}';
  for (const values of [[], POSTGRES, ["outbox=none"], [env]]) {
    const text = await rendered(values);
    await t.step(values.join(" "), () => assert.deepEqual(problemsOf({ path: "deploy/a.yaml", text }), []));
  }
});

Deno.test("it is not for a Kubernetes that is older than the recipes'", async () => {
  const old = await helm(["template", CHART, ...set(NEEDED), "--kube-version=1.29.9"]);
  assert.match(old.stderr, /chart requires kubeVersion: >=1\.30/);
});

Deno.test("helm lint --strict finds nothing", async (t) => {
  for (const values of [[], POSTGRES, ["outbox=none"], ["ingress.host=a", "serviceMonitor.enabled=true"]]) {
    await t.step(values.join(" "), async () => {
      const { code, stdout, stderr } = await helm([
        "lint",
        "--strict",
        CHART,
        ...set([...NEEDED, ...values]),
      ]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /1 chart\(s\) linted, 0 chart\(s\) failed/);
      assert.doesNotMatch(stdout, /\[(WARNING|ERROR)\]/);
    });
  }
});
