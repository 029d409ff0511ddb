/** What Prometheus' own tool says about the program's metrics and the alert rules. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { STAND_IN_KEY, startPlatformX } from "../../tools/demo/platformx.ts";
import { readableNames } from "../../lib/config/variables.ts";
import { notificationWith } from "../support/fakes.ts";
import { readExposition } from "../status/read_exposition.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Milliseconds after which a program that hangs is ended. */
const HANGS = 60_000;

/** Runs promtool; returns its exit code and everything it says. */
async function promtool(args: readonly string[], input = ""): Promise<{ code: number; said: string }> {
  const command = new Deno.Command("promtool", {
    args: [...args],
    cwd: `${ROOT}/deploy/prometheus`,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(HANGS),
  });
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("promtool is missing: install Debian's prometheus package (apt-get install prometheus)");
  }
  const output = child.output();
  await new Response(input).body!.pipeTo(child.stdin);
  const { code, stdout, stderr } = await output;
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Runs the service in an empty folder until `use` is done with it. */
async function withService(
  settings: Readonly<Record<string, string>>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", `--config=${ROOT}/deno.json`, "--allow-net", "--allow-read", "--allow-write"],
      ...[`--allow-env=${readableNames()}`, `${ROOT}/main.ts`],
    ],
    cwd: folder,
    env: { HOST: "127.0.0.1", PORT: "0", LOG_FORMAT: "json", LOG_LEVEL: "INFO", ...settings },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(HANGS),
  }).spawn();
  try {
    const [seen, rest] = child.stdout.tee();
    const drained = rest.pipeTo(new WritableStream());
    await use(await addressIn(seen));
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await drained;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function addressIn(log: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of log.pipeThrough(new TextDecoderStream())) {
    text += part;
    const [, url] = /"url":"(http:[^"]+)"/.exec(text) ?? [];
    if (url !== undefined) return url;
  }
  return assert.fail(`the service did not start:\n${text}`);
}

/** Metrics once they hold all of these lines; asked for again and again. */
async function metricsWith(url: string, lines: readonly string[]): Promise<string> {
  let missing = lines;
  for (const end = Date.now() + HANGS; Date.now() < end;) {
    const response = await fetch(`${url}metrics`, { headers: { authorization: "Bearer read" } });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const there = new Set(text.split("\n"));
    missing = lines.filter((line) => !there.has(line));
    if (missing.length === 0) return text;
  }
  return assert.fail(`the metrics never held ${missing.join(", ")}`);
}

for (
  const [mode, outcome, settings] of [["direct", "forwarded", {}], ["outbox", "queued", {
    OUTBOX: "outbox.db",
  }]] as const
) {
  Deno.test(`promtool finds nothing wrong with the program's metrics, ${mode} delivery`, async () => {
    await using platformx = startPlatformX();
    const given = {
      GETDX_API_URL: platformx.url,
      GETDX_API_KEY: STAND_IN_KEY,
      WEBHOOK_SECRET: "send",
      READ_SECRET: "read",
      ...settings,
    };
    await withService(given, async (url) => {
      const headers = { "content-type": "application/json", authorization: "Bearer send" };
      const response = await fetch(url, {
        method: "POST",
        headers,
        body: JSON.stringify(notificationWith()),
      });
      assert.equal((await response.json()).status, outcome);
      const text = await metricsWith(url, [
        `coder_platformx_webhooks_total{outcome="${outcome}",reason=""} 1`,
        'coder_platformx_attempts_total{verdict="delivered"} 1',
        "coder_platformx_delivery_duration_seconds_count 1",
        ...(mode === "outbox"
          ? ["coder_platformx_outbox_readable 1", "coder_platformx_outbox_pending 0"]
          : []),
      ]);
      const names = [...readExposition(text).keys()];
      for (const name of ["last_delivered_timestamp_seconds", "last_webhook_timestamp_seconds"]) {
        assert.ok(names.includes(`coder_platformx_${name}`), `${name} is missing`);
      }
      assert.equal(names.some((name) => name.includes("outbox")), mode === "outbox");
      assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, said: "" });
    });
  });
}

Deno.test("promtool would say what is wrong", async () => {
  const { code, said } = await promtool(["check", "metrics"], "# TYPE x_ms counter\nx_ms 1\n");
  assert.notEqual(code, 0);
  assert.match(said, /no help text/);
});

Deno.test("promtool finds the alert rules valid", async () => {
  const { code, said } = await promtool(["check", "rules", "alerts.yml"]);
  assert.equal(code, 0, said);
  assert.match(said, /SUCCESS: \d+ rules found/);
});

Deno.test("the alerts come when they should, and only then", async () => {
  const { code, said } = await promtool(["test", "rules", "alerts_test.yml"]);
  assert.equal(code, 0, said);
});
