/** The second way on Kubernetes: a Deployment on PostgreSQL, whose pod is the StatefulSet's but for the outbox. */
import assert from "node:assert/strict";
import type { Deployment } from "kubernetes-types/apps/v1";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1";
import { read } from "../support/files.ts";
import { container, manifest, parseOne, pod, textOf } from "./kubernetes_manifests.ts";
import { faultsIn } from "./kubernetes_schema.ts";

const FOLDER = "deploy/kubernetes_postgres";
const FILES = ["deployment.yaml", "pod-disruption-budget.yaml"] as const;

function parsed(name: string, version?: "1.1" | "1.2"): unknown {
  return parseOne(read(`${FOLDER}/${name}`), version);
}

const deployment = parsed("deployment.yaml") as Deployment;
const budget = parsed("pod-disruption-budget.yaml") as PodDisruptionBudget;
const ownPod = deployment.spec!.template.spec!;
const own = ownPod.containers[0]!;

Deno.test("every manifest for PostgreSQL is of its type, to readers of YAML 1.1 and 1.2", async () => {
  const faults = await faultsIn(new Map(FILES.map((file) => [file, parsed(file)])));
  for (const file of FILES) {
    assert.deepEqual(faults.get(file), [], file);
    assert.deepEqual(parsed(file, "1.1"), parsed(file, "1.2"), file);
  }
});

Deno.test("the container is the StatefulSet's, but for the outbox, which is a secret, and the volume", () => {
  const other = container();
  const isData = ({ name }: { readonly name: string }) => name === "data";
  assert.deepEqual(own, {
    ...other,
    env: other.env!.map((one) =>
      one.name === "OUTBOX" ? { name: "OUTBOX_FILE", value: "/etc/coder-platformx/outbox" } : one
    ),
    volumeMounts: other.volumeMounts!.filter((mount) => !isData(mount)),
  });
  assert.deepEqual(ownPod.volumes, pod().volumes);
  const { fsGroupChangePolicy: _, ...security } = pod().securityContext!;
  assert.deepEqual(ownPod.securityContext, security);
  assert.equal(ownPod.terminationGracePeriodSeconds, pod().terminationGracePeriodSeconds);
});

Deno.test("what is commented out is the StatefulSet's, too", () => {
  const commented = (text: string) => text.match(/^ *# (?:- \{ name:|imagePullSecrets:).*$/gm);
  assert.ok(commented(textOf("statefulset.yaml"))!.length >= 4);
  assert.deepEqual(commented(read(`${FOLDER}/deployment.yaml`)), commented(textOf("statefulset.yaml")));
});

Deno.test("several pods answer, also during an update and while a node is drained, to the one Service", () => {
  const { replicas, selector, strategy } = deployment.spec!;
  assert.ok(replicas! >= 2);
  assert.deepEqual(strategy!.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
  assert.equal(budget.spec!.maxUnavailable, 1);
  assert.deepEqual(budget.spec!.selector, selector);
  assert.deepEqual(manifest("service.yaml").spec!.selector, selector.matchLabels);
  assert.deepEqual(deployment.spec!.template.metadata!.labels, selector.matchLabels);
});
