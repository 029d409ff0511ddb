/** What the Helm chart makes, before a real API server. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { parseArguments } from "../../lib/cli/arguments.ts";
import { all } from "../documents/markdown.ts";
import { openFolder, succeed } from "../support/process.ts";
import { CHART, helm, NAMESPACE, NEEDED, POSTGRES, rendered, set } from "./chart.ts";
import { startCluster } from "./cluster.ts";

const VARIANTS: readonly (readonly string[])[] = [[], POSTGRES, ["outbox=none"], [
  "ingress.host=a.example.com",
]];

Deno.test("the API server takes what the chart makes by a strict dry run, without a warning", async (t) => {
  await using cluster = await startCluster();
  for (const values of VARIANTS) {
    await t.step(values.join(" "), async () => {
      const dry = ["--dry-run=server", "--validate=strict", "-f", "-"];
      const { code, stderr } = await cluster.kubectl(
        ["apply", "--server-side", ...dry],
        await rendered(values),
      );
      assert.equal(code, 0, stderr);
      assert.equal(stderr, "");
    });
  }
});

Deno.test("Helm installs the chart, takes it to its next version, and leaves nothing of it", async (t) => {
  await using cluster = await startCluster();
  await using next = await openFolder();
  await succeed(["cp", "-r", CHART, next.path]);
  const chart = `${next.path}/coder-platformx`;
  const file = `${chart}/Chart.yaml`;
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replaceAll(manifest.version, "99.0.0"));
  const image = async (kind: string) => {
    const path = "-o=jsonpath={.spec.template.spec.containers[0].image}";
    return (await cluster.kubectl(["get", `--namespace=${NAMESPACE}`, `${kind}/coder-platformx`, path]))
      .stdout;
  };
  for (const [kind, values] of [["statefulset", []], ["deployment", POSTGRES]] as const) {
    await t.step(kind, async () => {
      const to = [...cluster.forHelm, "--namespace", NAMESPACE];
      const run = async (verb: string, ...args: readonly string[]) => {
        const { code, stdout, stderr } = await helm([verb, "coder-platformx", ...args, ...to]);
        assert.equal(code, 0, stdout + stderr);
      };
      const given = set([...NEEDED, ...values]);
      await run("install", CHART, ...given);
      assert.equal(await image(kind), `ghcr.io/your-organisation/coder-platformx:${manifest.version}`);
      await run("upgrade", chart, ...given);
      assert.equal(await image(kind), "ghcr.io/your-organisation/coder-platformx:99.0.0");
      await run("uninstall");
      const left = await cluster.kubectl([
        ...["get", `--namespace=${NAMESPACE}`, "--output=name"],
        "statefulsets,deployments,services,networkpolicies,poddisruptionbudgets,secrets",
      ]);
      assert.equal(left.stdout, "");
    });
  }
});

/** Values, and what the notes must name: the endpoint, the object, and the words after the executable. */
const NOTES: readonly (readonly [
  values: readonly string[],
  endpoint: string,
  object: string,
  check: readonly string[],
])[] = [
  [
    [],
    "http://coder:SECRET@coder-platformx.coder-platformx.svc:8080/",
    "statefulset/coder-platformx",
    ["check"],
  ],
  [
    ["service.port=80", ...POSTGRES],
    "http://coder:SECRET@coder-platformx.coder-platformx.svc:80/",
    "deployment/coder-platformx",
    ["check"],
  ],
  [
    ["ingress.host=relay.example.com"],
    "https://coder:SECRET@relay.example.com/",
    "statefulset/coder-platformx",
    ["check", "--public-url", "https://relay.example.com/"],
  ],
];

Deno.test("the notes say what to give Coder, and how to check", async (t) => {
  await using cluster = await startCluster();
  for (const [values, endpoint, object, check] of NOTES) {
    await t.step(values.join(" "), async () => {
      const { stdout, stderr } = await helm([
        ...["install", "coder-platformx", CHART, "--dry-run=server", "--namespace", NAMESPACE],
        ...cluster.forHelm,
        ...set([...NEEDED, ...values]),
      ]);
      assert.equal(stderr, "");
      const notes = stdout.slice(stdout.indexOf("NOTES:"));
      assert.deepEqual(all(notes, /^ *CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=(\S+)$/gm), [endpoint]);
      assert.deepEqual(all(notes, /\b((?:statefulset|deployment)\/\S+)/g), [object]);
      const words = all(notes, /-- \/coder-platformx (.+)$/gm)[0]!.split(" ");
      assert.deepEqual(words, check);
      assert.notEqual(parseArguments(words).kind, "usage");
      assert.match(notes, /get secret coder-platformx -o go-template='\{\{index \.data "webhook-secret" \|/);
    });
  }
});
