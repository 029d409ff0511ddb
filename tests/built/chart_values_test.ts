/** The Helm chart's values arrive where they are meant to, or are refused with what to do. */
import assert from "node:assert/strict";
import { fencedBlocks } from "../recipes/read.ts";
import { fileOf, read } from "../support/files.ts";
import { openFolder, succeed } from "../support/process.ts";
import { built } from "./built.ts";
import { KUBE, objectsIn, POSTGRES, rendered } from "./chart.ts";

/** Values, and what they put where: the kind, and a part of its JSON. */
const VALUES: readonly (readonly [value: string, kind: string, part: string])[] = [
  ["image.tag=1.2.3", "StatefulSet", '"image":"ghcr.io/your-organisation/coder-platformx:1.2.3"'],
  ["imagePullSecrets={a,no}", "StatefulSet", '"imagePullSecrets":[{"name":"a"},{"name":"no"}]'],
  ["existingSecret=yes", "StatefulSet", '"secretName":"yes"'],
  ["volume.size=5Gi", "StatefulSet", '"resources":{"requests":{"storage":"5Gi"}}'],
  ["volume.storageClassName=fast", "StatefulSet", '"storageClassName":"fast"'],
  ['env:={"A":"yes: \\"#\\n"}', "StatefulSet", '{"name":"A","value":"yes: \\"#\\n"}]'],
  ['env:={"A":"8"}', "StatefulSet", '{"name":"A","value":"8"}]'],
  ["resources.limits.memory=1Gi", "StatefulSet", '"limits":{"ephemeral-storage":"1Gi","memory":"1Gi"}'],
  ["service.port=80", "Service", '"port":80,"targetPort":"http"'],
  [
    "networkPolicy.from={on}",
    "NetworkPolicy",
    '"from":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"on"}}}]',
  ],
  ['networkPolicy.egress:=[{"ports":[{"port":4318}]}]', "NetworkPolicy", '{"ports":[{"port":4318}]}]'],
];

Deno.test("each value arrives where it is meant to", async (t) => {
  for (const [value, kind, part] of VALUES) {
    await t.step(value, async () => {
      const text = JSON.stringify(objectsIn(await rendered([value]))[kind]);
      assert.ok(text.includes(part), text);
    });
  }
  await t.step("networkPolicy.enabled=false", async () => {
    assert.deepEqual(Object.keys(objectsIn(await rendered(["networkPolicy.enabled=false"]))).sort(), [
      "Service",
      "StatefulSet",
    ]);
  });
  await t.step("ingress", async () => {
    const values = ["host=a.example.com", "className=traefik", "tlsSecretName=b"].map((one) =>
      `ingress.${one}`
    );
    assert.deepEqual(objectsIn(await rendered(values))["Ingress"]!["spec"], {
      ingressClassName: "traefik",
      tls: [{ hosts: ["a.example.com"], secretName: "b" }],
      rules: [{
        host: "a.example.com",
        http: {
          paths: [{
            path: "/",
            pathType: "Exact",
            backend: { service: { name: "coder-platformx", port: { name: "http" } } },
          }],
        },
      }],
    });
  });
  await t.step("serviceMonitor.labels", async () => {
    const values = ["serviceMonitor.enabled=true", "serviceMonitor.labels.release=a", "existingSecret=other"];
    const text = JSON.stringify(objectsIn(await rendered(values))["ServiceMonitor"]);
    assert.ok(text.includes('"release":"a"') && text.includes('{"name":"other","key":"read-secret"}'), text);
  });
});

/** Values that are refused, and what must be said about them. */
const REFUSED: readonly (readonly [values: readonly string[], told: readonly string[]])[] = [
  [["image.repository="], [
    "image.repository must be set to where the image is, such as ghcr.io/your-organisation/coder-platformx",
  ]],
  [["existingSecret="], [
    "existingSecret must be set to the name of a Secret in the namespace coder-platformx with the keys getdx-api-key, webhook-secret and read-secret: make it first",
  ]],
  [["existingSecret=", ...POSTGRES], [
    "existingSecret must be set to the name of a Secret in the namespace coder-platformx with the keys getdx-api-key, webhook-secret, read-secret and outbox: make it first",
  ]],
  [["replicas=2"], [
    "replicas must be 1 with outbox=volume, as pods would not know of each other's events: for several set outbox=postgres; current value is 2",
  ]],
  [["replicas=3", "outbox=none", "image.repository="], [
    "image.repository must be set to where the image is",
    "replicas must be 1 with outbox=none, as pods would not know of each other's events: for several set outbox=postgres; current value is 3",
  ]],
  [["env.WEBHOOK_SECRET=a", "env.OUTBOX=/data/a.db"], [
    "env must not hold OUTBOX: it belongs to the chart, whose probes and mounts go by it",
    "env must not hold a secret: put WEBHOOK_SECRET into the Secret of existingSecret",
  ]],
  [["replicas=0"], ["/replicas", "minimum"]],
  [["replica=1"], ["additional properties 'replica' not allowed"]],
  [["outbox=sqlite"], ["/outbox", "'volume', 'postgres', 'none'"]],
  [["env.OUTBOX_MAX_PENDING=5"], ["/env/OUTBOX_MAX_PENDING", "want string"]],
  [["env.outbox=a"], ["'/env': additional properties 'outbox' not allowed"]],
  [["volume.size=5"], ["/volume/size", "want string"]],
  // Without any, the policy would let everybody in.
  [["networkPolicy.from:=[]"], ["/networkPolicy/from", "minItems"]],
];

Deno.test("values that do not fit are refused with what to do, all at once", async (t) => {
  for (const [values, told] of REFUSED) {
    await t.step(values.join(" "), async () => {
      await assert.rejects(rendered(values), ({ message }: Error) => {
        for (const part of told) assert.ok(message.includes(part), message);
        return true;
      });
    });
  }
});

Deno.test("the README's command and its values, one file after the other, are taken", async () => {
  const blocks = fencedBlocks(read("deploy/helm/README.md").replace(/^ {3}/gm, ""));
  const [command] = blocks.filter(({ text }) => text.startsWith("helm install "));
  const values = blocks.filter(({ path }) => path === "block.yaml");
  await using folder = await openFolder();
  const files = values.map((_, i) => `${folder.path}/${i}.yaml`);
  for (const [i, file] of files.entries()) await Deno.writeTextFile(file, values[i]!.text);
  const made = command!.text.trim().replace("helm install", "helm template");
  const run = (line: string) =>
    succeed(["bash", "-c", line], { cwd: fileOf(""), environment: { HOME: "/nowhere", PATH: path } });
  const path = `${await built("helm")}:/usr/bin`;
  assert.ok("StatefulSet" in objectsIn(await run(`${made} ${KUBE}`)));
  const only = made.replaceAll(/--set \S+/g, "").replaceAll("\\\n", " ");
  const both = objectsIn(await run(`${only} ${KUBE} ${files.map((file) => `--values ${file}`).join(" ")}`));
  assert.equal(files.length, 2);
  assert.match(JSON.stringify(both["Deployment"]), /"replicas":2.*"EVENTS_TRACKED"/);
});
