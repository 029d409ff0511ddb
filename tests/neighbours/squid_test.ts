/** The service behind Squid: what arrives at PlatformX, and what each failure on the way is called. */
import assert from "node:assert/strict";
import { issueCertificate } from "../support/certificates.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../support/platformx.ts";
import { openFolder } from "../support/process.ts";
import type { Environment } from "../support/program.ts";
import { answered, runProgram, startProgram } from "../support/service.ts";
import { HOST, type Setup, type Squid, startSquid } from "./squid.ts";

/** Of every kind of character that has to be written otherwise in an address. */
const CREDENTIALS = { user: "relay", password: "p@ss/w0rd: 100%" } as const;
const WRITTEN = encodeURIComponent(CREDENTIALS.password);
const ENCODED = btoa(`${CREDENTIALS.user}:${CREDENTIALS.password}`);

/** PlatformX by HTTPS behind Squid. */
interface Scene extends AsyncDisposable {
  readonly platformX: StandIn;
  readonly squid: Squid;
  /** For the service. */
  readonly settings: Environment;
}

async function openScene(setup: Setup, userInfo = ""): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await openFolder());
  const issued = await issueCertificate(path, [`DNS:${HOST}`]);
  const platformX = opening.use(await startPlatformX({ tls: issued }));
  const squid = opening.use(await startSquid(setup));
  const settings = {
    GETDX_API_KEY: STAND_IN_KEY,
    GETDX_API_URL: `https://${HOST}:${platformX.port}/events.track`,
    HTTPS_PROXY: `http://${userInfo}127.0.0.1:${squid.port}`,
    DENO_CERT: issued.caFile,
  };
  const open = opening.move();
  return { platformX, squid, settings, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** What is said about one webhook, by the answer, the log, and `check`. */
async function tell(environment: Environment) {
  await using program = await startProgram({ environment });
  const [code, status, reason] = await answered(program.post(notificationWith()));
  const told = program.entries.find(({ event }) => event === "paused" || event === "wrong_url");
  assert.equal((await program.stop()).code, 0, program.log);
  const { stdout, stderr } = await runProgram(["check", "--json"], { environment });
  for (const secret of [CREDENTIALS.password, WRITTEN, ENCODED, STAND_IN_KEY]) {
    assert.ok(!(program.log + stdout + stderr).includes(secret), `${secret} is told`);
  }
  const { findings } = JSON.parse(stdout);
  const failed = findings.filter(({ check, state }: Record<string, string>) =>
    check === "platformx" && state === "failed"
  );
  return {
    answer: [code, reason ?? status],
    log: [told?.event, told?.level, told?.["seen"]],
    check: failed.map(({ name }: { name: string }) => name),
  };
}

const ARRIVES: readonly (readonly [name: string, setup: Setup, userInfo: string])[] = [
  ["without credentials", {}, ""],
  ["with credentials", { credentials: CREDENTIALS }, `${CREDENTIALS.user}:${WRITTEN}@`],
];

for (const [name, setup, userInfo] of ARRIVES) {
  Deno.test(`through Squid ${name}: one event, and PlatformX sees the service's headers alone`, async () => {
    await using scene = await openScene(setup, userInfo);
    const { answer, check } = await tell(scene.settings);
    assert.deepEqual([answer, check], [[200, "forwarded"], []]);
    const { events, received, port } = scene.platformX;
    assert.deepEqual(events.map(({ email }) => email), ["alice@example.com"]);
    const sent = received.find(({ method }) => method === "POST")!;
    assert.equal(sent.headers.get("authorization"), `Bearer ${STAND_IN_KEY}`);
    for (const { headers } of received) {
      const all = JSON.stringify([...headers]);
      assert.ok(!/proxy|via|forwarded/i.test(all) && !all.includes(ENCODED), all);
    }
    const log = await scene.squid.log();
    assert.ok(log.includes(`200 CONNECT ${HOST}:${port}`), log.join("\n"));
    assert.ok(log.every((line) => line.includes(" CONNECT ")), log.join("\n"));
  });
}

/** What is wrong on the way, and what it is called. */
const FAILS: readonly {
  readonly name: string;
  readonly setup?: Setup;
  readonly userInfo?: string;
  readonly settings?: Environment;
  readonly breaks?: (scene: Scene) => Promise<unknown>;
  /** What Squid answers, if there is one. */
  readonly squid?: RegExp;
  readonly reason: string;
  readonly log: readonly string[];
}[] = [
  {
    name: "asks for credentials that are not given (407)",
    setup: { credentials: CREDENTIALS },
    squid: /^407 CONNECT /,
    reason: "url",
    log: ["wrong_url", "ERROR", "proxy_refused"],
  },
  {
    name: "knows others than those given (407)",
    setup: { credentials: CREDENTIALS },
    userInfo: "relay:another@",
    squid: /^407 CONNECT /,
    reason: "url",
    log: ["wrong_url", "ERROR", "proxy_refused"],
  },
  {
    name: "forbids the address (403)",
    setup: { denies: true },
    squid: /^403 CONNECT /,
    reason: "url",
    log: ["wrong_url", "ERROR", "proxy_refused"],
  },
  {
    name: "reaches nobody there (503)",
    breaks: ({ platformX }) => platformX.close(),
    squid: /^503 CONNECT /,
    reason: "platformx",
    log: ["paused", "WARNING", "proxy_failed"],
  },
  {
    name: "does not find the name (500 or 503)",
    settings: { GETDX_API_URL: "https://nobody.example.com/events.track" },
    squid: /^50[03] CONNECT /,
    reason: "platformx",
    log: ["paused", "WARNING", "proxy_failed"],
  },
  {
    name: "is away",
    breaks: ({ squid }) => squid.child[Symbol.asyncDispose](),
    reason: "platformx",
    log: ["paused", "WARNING", "connection_failed"],
  },
];

for (const { name, setup = {}, userInfo = "", settings = {}, breaks, squid, reason, log } of FAILS) {
  Deno.test(`Squid ${name}: 503 ${reason}, the log has ${log.at(-1)}, and check says so`, async () => {
    await using scene = await openScene(setup, userInfo);
    await breaks?.(scene);
    const told = await tell({ ...scene.settings, ...settings });
    assert.deepEqual(told, { answer: [503, reason], log, check: ["connection (TCP)"] });
    assert.deepEqual(scene.platformX.events, []);
    if (squid === undefined) return;
    for (const line of await scene.squid.log()) assert.match(line, squid);
  });
}
