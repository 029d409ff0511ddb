import assert from "node:assert/strict";
import type { StatefulSet } from "kubernetes-types/apps/v1";
import type { NetworkPolicy } from "kubernetes-types/networking/v1";
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

/** Files, and what a reader makes of them who removes every `#` that the recipe says may go. */
const COMMENTED:
  readonly (readonly [file: string, seen: (uncommented: string) => unknown, expected: unknown])[] = [
    [
      "statefulset.yaml",
      (text) => {
        const { imagePullSecrets, containers } = (parseOne(text) as StatefulSet).spec!.template.spec!;
        return [imagePullSecrets, containers[0]!.env!.map(({ name }) => name).slice(-3)];
      },
      [[{ name: "registry" }], ["WEBHOOK_SECRET_PREVIOUS_FILE", "CODER_URL", "CODER_SESSION_TOKEN_FILE"]],
    ],
    [
      "network-policy.yaml",
      (text) =>
        (parseOne(text) as NetworkPolicy).spec!.egress!.slice(2).map(({ to, ports }) => [
          to?.[0]?.namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"],
          ports?.[0]?.port,
        ]),
      [["coder", 8080], ["monitoring", 4318]],
    ],
  ];

Deno.test("what is commented out can be used: it is of its type where it stands", async (t) => {
  const texts = COMMENTED.map(([file]) =>
    [file, textOf(file).replace(/^( *)# (?=- [{t]| {2}ports:|imagePullSecrets:)/gm, "$1")] as const
  );
  const faults = await faultsIn(new Map(texts.map(([file, text]) => [file, parseOne(text)])));
  for (const [n, [file, seen, expected]] of COMMENTED.entries()) {
    await t.step(file, () => {
      assert.deepEqual(faults.get(file), []);
      assert.deepEqual(seen(texts[n]![1]), expected);
    });
  }
});

const SET = "statefulset.yaml";

/** Mistakes: in which file, what stands there in the place of what, and a word of what must be said about it. */
const MISTAKES: readonly (readonly [
  name: string,
  file: keyof Manifests,
  text: string,
  mistake: string,
  told: RegExp,
])[] = [
  ["misspelt probe", SET, "livenessProbe:", "livenesProbe:", /livenesProbe/],
  [
    "misspelt field deep inside",
    SET,
    "periodSeconds: 5",
    "periodSecond: 5",
    /periodSecond.*does not exist in type 'Probe'/,
  ],
  [
    "field of the pod at the container",
    SET,
    "readOnlyRootFilesystem: true",
    "fsGroup: 65532",
    /fsGroup.*does not exist in type 'SecurityContext'/,
  ],
  [
    "misspelt field of the metadata",
    "service.yaml",
    "labels:",
    "label:",
    /'"label"' does not exist in type 'ObjectMeta'/,
  ],
  [
    "misspelt field of the selector",
    SET,
    "matchLabels:",
    "matchLabel:",
    /'"matchLabel"' does not exist in type 'LabelSelector'/,
  ],
  ["amount as a number", SET, "storage: 1Gi", "storage: 1", /'number' is not assignable to type 'string'/],
  [
    "port as text",
    SET,
    "containerPort: 8080",
    'containerPort: "8080"',
    /'string' is not assignable to type 'number'/,
  ],
  [
    "port with a fraction",
    "service.yaml",
    "port: 8080",
    "port: 8080.5",
    /'8080.5' is not assignable to type 'never'/,
  ],
  [
    "variable as a number",
    SET,
    "value: /data/outbox.db",
    "value: 1",
    /'number' is not assignable to type 'string'/,
  ],
  [
    "truth as text",
    SET,
    "runAsNonRoot: true",
    'runAsNonRoot: "true"',
    /'string' is not assignable to type 'boolean/,
  ],
  ["missing field", SET, "  serviceName: coder-platformx\n", "", /'serviceName' is missing/],
  [
    "one value instead of a list",
    "network-policy.yaml",
    "policyTypes: [Ingress, Egress]",
    "policyTypes: Ingress",
    /'string' is not assignable to type 'string\[\]'/,
  ],
  [
    "annotation as a number",
    "ingress.yaml",
    'proxy-read-timeout: "45"',
    "proxy-read-timeout: 45",
    /'number' is not assignable to type 'string'/,
  ],
  [
    "version of the API that is gone",
    "ingress.yaml",
    "networking.k8s.io/v1\n",
    "networking.k8s.io/v1beta1\n",
    /Unused '@ts-expect-error' directive.*a type of the API/s,
  ],
  ["kind of another group", SET, "apiVersion: apps/v1", "apiVersion: v1", /no exported member .*StatefulSet/],
];

Deno.test("a mistake in a manifest is found", async (t) => {
  const fileNamed = (name: string) => name.replaceAll(" ", "-");
  const broken = MISTAKES.map(([name, file, text, mistake]) => {
    const right = textOf(file);
    assert.ok(right.includes(text), `${name}: ${file} has no ${text}`);
    return [fileNamed(name), parseOne(right.replace(text, mistake))] as const;
  });
  const faults = await faultsIn(new Map(broken));
  for (const [name, , , , told] of MISTAKES) {
    await t.step(name, () => assert.match(faults.get(fileNamed(name))?.join("\n") ?? "", told));
  }
});
