import assert from "node:assert/strict";
import { parse } from "yaml";
import { parsedEnvironment } from "../support/settings.ts";
import { KNOWN_NAMES } from "../../lib/config/variables.ts";
import { duration } from "../../lib/config/parsers.ts";
import { read } from "../support/files.ts";

/** What of a Compose file is looked at. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Service {
  readonly build: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly mem_limit: string;
  readonly ulimits: { readonly nofile: number };
  readonly stop_grace_period: string;
}

const compose: Compose = parse(read("compose.yaml"));
const service = compose.services["coder-platformx"]!;
const dockerfile = read("Dockerfile");

/** The words after an instruction's name, of the last stage that has one. */
function instruction(name: string): string {
  const lines = dockerfile.match(new RegExp(`^${name} .*$`, "gm"));
  assert.ok(lines, `the Dockerfile has no ${name}`);
  return lines.at(-1)!.slice(name.length + 1);
}

/** The service's own reading of the settings; a secret file holds its own name. */
function configured() {
  const parsed = parsedEnvironment(service.environment, (path) => {
    const secret = path.replace(/^\/run\/secrets\//, "");
    assert.ok(service.secrets.includes(secret), `${path} is not among the service's secrets`);
    assert.ok(secret in compose.secrets, `${secret} is not declared`);
    return secret;
  });
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed;
}

Deno.test("compose.yaml sets only variables that the service reads, and it starts with them without a warning", () => {
  const unknown = Object.keys(service.environment).filter((name) => !KNOWN_NAMES.includes(name));
  assert.deepEqual(unknown, []);
  const { config, warnings } = configured();
  assert.deepEqual([config.platformx.key, config.http.webhookSecrets], ["getdx_api_key", ["webhook_secret"]]);
  assert.deepEqual(warnings, []);
});

Deno.test("compose.yaml keeps the outbox on a volume, in the folder that the image has for it", () => {
  const location = configured().config.outbox?.location;
  assert.ok(location?.kind === "sqlite");
  const [volume = "", folder] = service.volumes[0]!.split(":");
  assert.equal(location.path.slice(0, location.path.lastIndexOf("/")), folder);
  assert.ok(
    instruction("COPY").endsWith(` ${folder}`),
    "the last thing that the Dockerfile copies is that folder",
  );
  assert.ok(volume in compose.volumes, `${volume} is not declared`);
});

Deno.test("compose.yaml publishes the port of the service and the image to this machine only", () => {
  const { port } = configured().config.http;
  assert.deepEqual(service.ports, [`127.0.0.1:${port}:${port}`]);
  assert.equal(instruction("EXPOSE"), String(port));
});

Deno.test("compose.yaml runs the image's user on a read-only root, without capabilities, with enough memory and files", () => {
  const { user, read_only, cap_drop, security_opt, mem_limit, ulimits } = service;
  assert.deepEqual({ user, read_only, cap_drop, security_opt, mem_limit, ulimits }, {
    user: instruction("USER"),
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    mem_limit: "512m", // the least at which V8's share is half: see the README
    ulimits: { nofile: 65536 },
  });
});

Deno.test("compose.yaml waits longer for the end than the service takes", () => {
  const patience = duration("1s", "1h")(service.stop_grace_period);
  const needed = configured().config.shutdownGrace + 500;
  assert.ok(
    "value" in patience && patience.value > needed,
    `${service.stop_grace_period}, ${needed} ms needed`,
  );
});

Deno.test("neither git nor a build's context takes the secrets that compose.yaml reads", () => {
  const folders = Object.values(compose.secrets).map(({ file }) => file.replace(/^\.(\/[^/]+\/).*/, "$1"));
  assert.deepEqual([...new Set(folders)], ["/secrets/"]);
  assert.ok(read(".gitignore").split("\n").includes("/secrets/"));
  const rules = read(".dockerignore").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(rules[0], "*");
  assert.deepEqual(rules.filter((rule) => /secret|env|^!\*|^!\.$/.test(rule)), []);
});

Deno.test("the Dockerfile builds with the Deno that the checks run on", () => {
  const pinned = /denoland\/deno:(\S+)/.exec(dockerfile)?.[1];
  assert.ok(read(".ci/run").includes(`deno@${pinned}`), `${pinned} is not the version of .ci/run`);
});

Deno.test("compose.coder.yaml: Coder's endpoint is this service, and its outbox is in the database beside them", () => {
  const { services }: Compose = parse(read("deploy/container/compose.coder.yaml"));
  const filledIn = (value = "") => value.replaceAll(/\$\{\w+:\?\}/g, "s3cret");
  const coder = services["coder"]!.environment;
  const endpoint = new URL(filledIn(coder["CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT"]));
  assert.equal(coder["CODER_NOTIFICATIONS_METHOD"], "webhook");
  assert.deepEqual([endpoint.hostname, endpoint.port], [
    "coder-platformx",
    String(configured().config.http.port),
  ]);
  assert.deepEqual([endpoint.username, endpoint.password, endpoint.pathname], ["coder", "s3cret", "/"]);
  const environment = {
    ...service.environment,
    OUTBOX: filledIn(services["coder-platformx"]?.environment["OUTBOX"]),
  };
  const parsed = parsedEnvironment(environment, (path) => path.replace(/^\/run\/secrets\//, ""));
  assert.ok("config" in parsed, JSON.stringify(parsed));
  const location = parsed.config.outbox?.location;
  assert.ok(location?.kind === "postgres");
  assert.ok(location.host in services, `${location.host} is no service`);
});
