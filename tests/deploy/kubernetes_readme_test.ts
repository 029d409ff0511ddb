/** The READMEs of deploy/kubernetes and deploy/kubernetes_postgres name only what there is. */
import assert from "node:assert/strict";
import manifestOfDeno from "../../deno.json" with { type: "json" };
import { parseArguments } from "../../lib/cli/arguments.ts";
import { KNOWN_NAMES } from "../../lib/config/variables.ts";
import { all as allIn } from "../documents/markdown.ts";
import { linkProblems } from "../recipes/table.ts";
import { exists, read } from "../support/files.ts";
import { container, imageHas, manifest, pod, textOf } from "./kubernetes_manifests.ts";

const README = textOf("README.md");

const EXEC = /^ *kubectl exec (.+)$/gm;

const all = (pattern: RegExp) => allIn(README, pattern);

Deno.test("each command for kubectl exec is one of the image's executable, in the recipe's pod", async (t) => {
  const { name } = manifest("statefulset.yaml").metadata!;
  const commands = [
    { pod: `${name}-0`, readme: README },
    { pod: `deployment/${name}`, readme: read("deploy/kubernetes_postgres/README.md") },
  ].flatMap(({ pod, readme }) => allIn(readme, EXEC).map((command) => ({ pod, command })));
  assert.ok(commands.length >= 3);
  const [entryPoint] = JSON.parse(imageHas("ENTRYPOINT")[0]!);
  for (const { pod, command } of commands) {
    await t.step(command, () => {
      const [target, dashes, program, ...words] = command.split(/\s+/);
      assert.deepEqual([target, dashes, program], [pod, "--", entryPoint]);
      const parsed = parseArguments(words);
      assert.notEqual(parsed.kind, "usage", "problem" in parsed ? parsed.problem : "");
    });
  }
});

Deno.test("the address for Coder is the Service's", () => {
  const { name, namespace } = manifest("secret.yaml").metadata!;
  assert.deepEqual(all(/'(http:\/\/coder:[^']+)'/g), [
    `http://coder:{{index .data "webhook-secret" | base64decode}}@${
      manifest("service.yaml").metadata?.name
    }.${namespace}.svc:${container().ports?.[0]?.containerPort}/`,
  ]);
  assert.equal(name, pod().volumes?.find((volume) => volume.name === "secrets")?.secret?.secretName);
});

Deno.test("the Secret is made of the files that the pod looks for", () => {
  const made = all(/> "\$secrets\/([\w-]+)"/g);
  const keys = Object.keys(manifest("secret.yaml").stringData!);
  assert.deepEqual(made.toSorted(), keys.toSorted());
  // Later they are changed by the same names.
  const changed = all(/"(?:stringData|data)":\{"([\w-]+)":/g);
  assert.deepEqual(changed, ["getdx-api-key", "webhook-secret-previous", "webhook-secret"]);
  assert.ok(README.includes(`kubectl create secret generic ${manifest("secret.yaml").metadata?.name} `));
});

Deno.test("the variables and tasks in it exist", () => {
  const variables = all(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|OUTBOX)`/g);
  assert.ok(variables.length >= 4);
  for (const name of variables) {
    assert.ok(KNOWN_NAMES.includes(name) || name.startsWith("CODER_NOTIFICATIONS_"), name);
  }
  for (const task of all(/`deno task ([\w:]+)`/g)) assert.ok(task in manifestOfDeno.tasks, task);
});

Deno.test("the namespaces to be edited are those in the NetworkPolicy", () => {
  const [listed = ""] = all(/run \((`[^)]+`)\)/g);
  const from = manifest("network-policy.yaml").spec?.ingress?.[0]?.from ?? [];
  assert.deepEqual(
    listed.replaceAll("`", "").split(/,\s+/),
    from.map(({ namespaceSelector }) => namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"]),
  );
});

Deno.test("its relative links lead somewhere", () => {
  const path = "deploy/kubernetes/README.md";
  assert.deepEqual(linkProblems({ path, text: README }, { exists, read }), []);
});
