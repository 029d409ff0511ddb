/** Why recipes make secrets without a line break: the operator hands a Secret's bytes to Prometheus as they are. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { startPrometheus } from "./prometheus.ts";

interface Target {
  readonly scrapePool: string;
  readonly health: string;
  readonly lastError: string;
}

Deno.test("Prometheus does not ask with a secret that ends in a line break, and says so in the words of the recipe", async () => {
  const asked = new Set<string | null>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    asked.add(headers.get("authorization"));
    return new Response("up_to_now 1\n", { headers: { "content-type": "text/plain; version=0.0.4" } });
  });
  const job = (name: string, credentials: string) => `
  - job_name: ${name}
    authorization: { credentials: "${credentials}" }
    static_configs: [{ targets: ["127.0.0.1:${server.addr.port}"] }]`;
  await using prometheus = await startPrometheus({
    "prometheus.yml": `global: { scrape_interval: 1s }\nscrape_configs:${job("plain", "read")}${
      job("broken", "read\\n")
    }\n`,
  });
  const targets = async (): Promise<readonly Target[]> =>
    (await prometheus.ask("targets", { state: "active" })).activeTargets;
  const seen = await eventually(targets, "both targets to be tried", {
    until: (all) => all.length === 2 && all.every(({ health }) => health !== "unknown"),
    ...prometheus.told,
  });
  const of = (name: string) => seen.find(({ scrapePool }) => scrapePool === name)!;
  assert.equal(of("plain").health, "up");
  assert.equal(of("broken").health, "down");
  assert.match(of("broken").lastError, /invalid header field value for "Authorization"/);
  assert.deepEqual([...asked], ["Bearer read"]);
  const recipe = await Deno.readTextFile(new URL("../../deploy/kubernetes/README.md", import.meta.url));
  assert.ok(recipe.includes('invalid header field value for "Authorization"'));
});
