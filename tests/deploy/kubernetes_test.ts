/** The manifests agree with the image, with the service's variables and limits, and with each other. */
import assert from "node:assert/strict";
import manifestOfDeno from "../../deno.json" with { type: "json" };
import { BODY_LIMIT } from "../../lib/http/body.ts";
import type { Config } from "../../lib/config/config.ts";
import { parsedEnvironment } from "../support/settings.ts";
import { KNOWN_NAMES, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import {
  container,
  filesWith,
  imageHas,
  imageVariables,
  manifest,
  parseOne,
  pod,
  textOf,
  variables,
} from "./kubernetes_manifests.ts";

const SET = manifest("statefulset.yaml").spec!;
const NAME = "coder-platformx";

/** Where the container has which volume. */
function mountOf(volume: string): string {
  const found = container().volumeMounts?.find(({ name }) => name === volume);
  assert.ok(found !== undefined, `${volume} is not mounted`);
  return found.mountPath;
}

/** Paths of the files that the Secret becomes. */
function secretFiles(): readonly string[] {
  const names = Object.keys(manifest("secret.yaml").stringData ?? {});
  assert.ok(names.length > 0);
  return names.map((name) => `${mountOf("secrets")}/${name}`);
}

/** What the service makes of the container's variables. */
function config(): Config {
  const readFile = (path: string) => {
    assert.ok(secretFiles().includes(path), `${path} is not in the Secret`);
    return `content-of-${path}`;
  };
  const environment = { ...imageVariables(), ...variables() };
  const parsed = parsedEnvironment(environment, readFile);
  assert.ok("config" in parsed, JSON.stringify(parsed));
  assert.deepEqual(parsed.warnings, []);
  return parsed.config;
}

Deno.test("the container's port is the one that the service listens on and the image exposes", () => {
  const [port, ...more] = container().ports ?? [];
  assert.deepEqual(more, []);
  assert.equal(port?.containerPort, config().http.port);
  assert.deepEqual(imageHas("EXPOSE"), [String(port?.containerPort)]);
  assert.equal(config().http.host, "0.0.0.0"); // else nobody reaches it from outside of the pod
});

Deno.test("user and group are the image's, and the volume is opened to that group", () => {
  const { runAsUser, runAsGroup, fsGroup } = pod().securityContext ?? {};
  assert.deepEqual(imageHas("USER"), [`${runAsUser}:${runAsGroup}`]);
  assert.equal(fsGroup, runAsGroup);
});

Deno.test("the image's entry point serves, with the image's variables", () => {
  assert.deepEqual(imageHas("ENTRYPOINT"), ['["/coder-platformx"]']);
  const { command, args, workingDir } = container();
  assert.deepEqual({ command, args, workingDir }, {
    command: undefined,
    args: undefined,
    workingDir: undefined,
  });
  const overridden = Object.keys(imageVariables()).filter((name) => name in variables());
  assert.deepEqual(overridden, []);
  // Without it V8 takes the machine's memory for its own, and the container is killed at its limit.
  assert.equal(imageVariables()["DENO_USE_CGROUPS"], "1");
});

Deno.test("the outbox is a file on the volume, in the folder that the image has for it", () => {
  const location = config().outbox?.location;
  assert.ok(location?.kind === "sqlite");
  assert.equal(location.path.replace(/\/[^/]+$/, ""), mountOf("data"));
  const copied = imageHas("COPY").map((argument) => argument.split(/\s+/).at(-1));
  const folders = [...imageHas("VOLUME").map((argument) => argument.replace(/[[\]"]/g, "")), ...copied];
  assert.ok(folders.includes(mountOf("data")), `the image has ${folders.join()}`);
  const [claim, ...more] = SET.volumeClaimTemplates ?? [];
  assert.deepEqual([claim?.metadata?.name, more], ["data", []]);
  assert.deepEqual(SET.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
});

Deno.test("the service reads each variable, commented ones too, and each has its file in the Secret", () => {
  const commented = [...textOf("statefulset.yaml").matchAll(/# - \{ name: (\w+), value: (\S+) \}/g)];
  assert.deepEqual(commented.map(([, name]) => name), [
    "WEBHOOK_SECRET_PREVIOUS_FILE",
    "CODER_URL",
    "CODER_SESSION_TOKEN_FILE",
  ]);
  const all = { ...variables(), ...Object.fromEntries(commented.map(([, name, value]) => [name!, value!])) };
  for (const [name, value] of Object.entries(all)) {
    assert.ok(KNOWN_NAMES.includes(name), `the service reads no ${name}`);
    if (name.endsWith("_FILE")) assert.equal(value.replace(/\/[^/]+$/, ""), mountOf("secrets"), name);
  }
  const files = Object.entries(variables()).filter(([name]) => name.endsWith("_FILE")).map(([, path]) =>
    path
  );
  assert.deepEqual(files.toSorted(), secretFiles().toSorted());
});

Deno.test("no secret is the value of a variable", () => {
  const secrets = VARIABLE_ROWS.filter(({ secret }) => secret).map(({ name }) => name);
  for (const { name, valueFrom } of container().env ?? []) {
    assert.ok(!secrets.includes(name), name);
    assert.equal(valueFrom, undefined, name);
  }
  assert.equal(container().envFrom, undefined);
  const volume = pod().volumes?.find(({ name }) => name === "secrets");
  assert.equal(volume?.secret?.secretName, manifest("secret.yaml").metadata?.name);
  assert.equal(volume?.secret?.defaultMode, 0o440);
});

Deno.test("the pod has the time that a shutdown takes, and liveness outlasts it", () => {
  const seconds = config().shutdownGrace / 1000 + 0.5;
  const { periodSeconds = 0, failureThreshold = 0 } = container().livenessProbe ?? {};
  assert.ok(pod().terminationGracePeriodSeconds! >= 2 * seconds);
  assert.ok(periodSeconds * (failureThreshold - 1) > seconds);
});

for (const name of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
  Deno.test(`${name} asks the one health route by the port's name`, () => {
    assert.deepEqual(container()[name]?.httpGet, { path: "/", port: container().ports?.[0]?.name });
  });
}

Deno.test("one pod only: a second one would have another outbox", () => assert.equal(SET.replicas, 1));

Deno.test("Service, Ingress and NetworkPolicy mean this pod and this port", () => {
  const labels = { "app.kubernetes.io/name": NAME };
  const service = manifest("service.yaml").spec!;
  const policy = manifest("network-policy.yaml").spec!;
  const { name: portName, containerPort } = container().ports![0]!;
  assert.deepEqual(SET.template.metadata?.labels, labels);
  assert.deepEqual(SET.selector.matchLabels, labels);
  assert.equal(SET.serviceName, NAME);
  assert.deepEqual(service.selector, labels);
  assert.deepEqual(service.ports?.map(({ name, port, targetPort }) => [name, port, targetPort]), [
    [portName, containerPort, portName],
  ]);
  assert.deepEqual(policy.podSelector, { matchLabels: labels });
  assert.deepEqual(policy.ingress?.map(({ ports }) => ports), [[{ protocol: "TCP", port: portName }]]);
  const rules = manifest("ingress.yaml").spec?.rules ?? [];
  assert.deepEqual(rules.map(({ http }) => http?.paths), [[
    { path: "/", pathType: "Exact", backend: { service: { name: NAME, port: { name: portName } } } },
  ]]);
});

Deno.test("only DNS and HTTPS may leave the pod, and no private or link-local address is reached", () => {
  const { egress = [], policyTypes } = manifest("network-policy.yaml").spec!;
  assert.deepEqual(policyTypes, ["Ingress", "Egress"]);
  assert.deepEqual(egress.map(({ ports }) => ports?.map(({ protocol, port }) => `${protocol} ${port}`)), [
    ["UDP 53", "TCP 53"],
    ["TCP 443"],
  ]);
  const except = egress[1]?.to?.flatMap(({ ipBlock }) => ipBlock?.except ?? []) ?? [];
  for (const range of ["10.0.0.0/8", "169.254.0.0/16", "fe80::/10"]) assert.ok(except.includes(range), range);
  assert.equal(new URL(config().platformx.url).protocol, "https:");
});

Deno.test("the Ingress does not redirect, and lets bodies pass up to the service's limit", () => {
  const { annotations = {} } = manifest("ingress.yaml").metadata!;
  const value = (name: string) => annotations[`nginx.ingress.kubernetes.io/${name}`];
  for (const name of ["ssl-redirect", "force-ssl-redirect", "from-to-www-redirect"]) {
    assert.equal(value(name), "false", name);
  }
  assert.equal(value("proxy-body-size"), `${BODY_LIMIT / 1024 / 1024}m`);
  assert.ok(
    !Object.keys(annotations).some((name) =>
      /permanent-redirect|temporal-redirect|app-root|rewrite/.test(name)
    ),
  );
});

Deno.test("the pod keeps the rules of the standard 'restricted', which its namespace enforces", () => {
  const { name, labels = {} } = manifest("namespace.yaml").metadata!;
  assert.equal(name, manifest("secret.yaml").metadata?.namespace);
  assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
  const { securityContext, hostNetwork, hostPID, hostIPC } = pod();
  assert.equal(securityContext?.runAsNonRoot, true);
  assert.deepEqual(securityContext?.seccompProfile, { type: "RuntimeDefault" });
  assert.deepEqual([hostNetwork, hostPID, hostIPC], [undefined, undefined, undefined]);
  assert.deepEqual(container().securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

Deno.test("the pod gets no token for the cluster, and no variables of other Services", () => {
  assert.equal(pod().automountServiceAccountToken, false);
  assert.equal(pod().enableServiceLinks, false);
});

Deno.test("kustomization.yaml applies what README.md does not create by hand, with this version's image", () => {
  const kustomization = parseOne(textOf("kustomization.yaml")) as {
    readonly resources: readonly string[];
    readonly images: readonly { readonly name: string; readonly newTag: string }[];
    readonly namespace: string;
  };
  assert.deepEqual(Object.keys(kustomization), ["apiVersion", "kind", "namespace", "resources", "images"]);
  const byHand = ["ingress.yaml", "kustomization.yaml", "namespace.yaml", "secret.yaml"];
  assert.deepEqual([...kustomization.resources, ...byHand].sort(), filesWith(".yaml"));
  assert.match(textOf("kustomization.yaml"), /^ {2}# - ingress\.yaml/m);
  assert.equal(kustomization.namespace, manifest("secret.yaml").metadata?.namespace);
  assert.deepEqual(kustomization.images.map(({ name, newTag }) => [name, newTag]), [
    [container().image, manifestOfDeno.version],
  ]);
});
