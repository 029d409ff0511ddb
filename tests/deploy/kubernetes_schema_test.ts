import assert from "node:assert/strict";
import { filesWith, type Manifests, parseOne, textOf } from "./kubernetes_manifests.ts";
import { faultsIn } from "./kubernetes_schema.ts";

/** It is of kubectl, not of the API. */
const FILES = filesWith(".yaml").filter((file) => file !== "kustomization.yaml");

Deno.test("every manifest is of its type, and has no field that the Kubernetes API does not know", async (t) => {
  const names: readonly (keyof Manifests)[] = [
    "ingress.yaml",
    "namespace.yaml",
    "network-policy.yaml",
    "secret.yaml",
    "service.yaml",
    "statefulset.yaml",
  ];
  assert.deepEqual(FILES, names);
  const faults = await faultsIn(new Map(FILES.map((file) => [file, parseOne(textOf(file))])));
  for (const file of FILES) await t.step(file, () => assert.deepEqual(faults.get(file), []));
});

for (const file of filesWith(".yaml")) {
  Deno.test(`${file} says the same to readers of YAML 1.1 and 1.2`, () => {
    assert.deepEqual(parseOne(textOf(file), "1.1"), parseOne(textOf(file), "1.2"));
  });
}

/** Mistakes, each with a word of what must be said about it. */
const MISTAKES: readonly {
  readonly name: string;
  readonly file: keyof Manifests;
  readonly text: string;
  readonly mistake: string;
  readonly told: RegExp;
}[] = [
  {
    name: "misspelt probe",
    file: "statefulset.yaml",
    text: "livenessProbe:",
    mistake: "livenesProbe:",
    told: /livenesProbe/,
  },
  {
    name: "misspelt field deep inside",
    file: "statefulset.yaml",
    text: "periodSeconds: 5",
    mistake: "periodSecond: 5",
    told: /periodSecond.*does not exist in type 'Probe'/,
  },
  {
    name: "field of the pod at the container",
    file: "statefulset.yaml",
    text: "readOnlyRootFilesystem: true",
    mistake: "fsGroup: 65532",
    told: /fsGroup.*does not exist in type 'SecurityContext'/,
  },
  {
    name: "misspelt field of the metadata",
    file: "service.yaml",
    text: "labels:",
    mistake: "label:",
    told: /'"label"' does not exist in type 'ObjectMeta'/,
  },
  {
    name: "misspelt field of the selector",
    file: "statefulset.yaml",
    text: "matchLabels:",
    mistake: "matchLabel:",
    told: /'"matchLabel"' does not exist in type 'LabelSelector'/,
  },
  {
    name: "amount as a number",
    file: "statefulset.yaml",
    text: "storage: 1Gi",
    mistake: "storage: 1",
    told: /'number' is not assignable to type 'string'/,
  },
  {
    name: "port as text",
    file: "statefulset.yaml",
    text: "containerPort: 8080",
    mistake: 'containerPort: "8080"',
    told: /'string' is not assignable to type 'number'/,
  },
  {
    name: "port with a fraction",
    file: "service.yaml",
    text: "port: 8080",
    mistake: "port: 8080.5",
    told: /'8080.5' is not assignable to type 'never'/,
  },
  {
    name: "variable as a number",
    file: "statefulset.yaml",
    text: "value: /data/outbox.db",
    mistake: "value: 1",
    told: /'number' is not assignable to type 'string'/,
  },
  {
    name: "truth as text",
    file: "statefulset.yaml",
    text: "runAsNonRoot: true",
    mistake: 'runAsNonRoot: "true"',
    told: /'string' is not assignable to type 'boolean/,
  },
  {
    name: "missing field",
    file: "statefulset.yaml",
    text: "  serviceName: coder-platformx\n",
    mistake: "",
    told: /'serviceName' is missing/,
  },
  {
    name: "one value instead of a list",
    file: "network-policy.yaml",
    text: "policyTypes: [Ingress, Egress]",
    mistake: "policyTypes: Ingress",
    told: /'string' is not assignable to type 'string\[\]'/,
  },
  {
    name: "annotation as a number",
    file: "ingress.yaml",
    text: 'proxy-read-timeout: "45"',
    mistake: "proxy-read-timeout: 45",
    told: /'number' is not assignable to type 'string'/,
  },
  {
    name: "version of the API that is gone",
    file: "ingress.yaml",
    text: "networking.k8s.io/v1\n",
    mistake: "networking.k8s.io/v1beta1\n",
    told: /Unused '@ts-expect-error' directive.*a type of the API/s,
  },
  {
    name: "kind of another group",
    file: "statefulset.yaml",
    text: "apiVersion: apps/v1",
    mistake: "apiVersion: v1",
    told: /no exported member .*StatefulSet/,
  },
];

Deno.test("a mistake in a manifest is found", async (t) => {
  const fileNamed = (name: string) => name.replaceAll(" ", "-");
  const broken = MISTAKES.map(({ name, file, text, mistake }) => {
    const right = textOf(file);
    assert.ok(right.includes(text), `${name}: ${file} has no ${text}`);
    return [fileNamed(name), parseOne(right.replace(text, mistake))] as const;
  });
  const faults = await faultsIn(new Map(broken));
  for (const { name, told } of MISTAKES) {
    await t.step(name, () => assert.match(faults.get(fileNamed(name))?.join("\n") ?? "", told));
  }
});
