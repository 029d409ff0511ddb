/** The executable between Coder and a PlatformX that is reached through a proxy and by a private CA's certificate. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../support/platformx.ts";
import { issueCertificate } from "../support/certificates.ts";
import { openFolder } from "../support/process.ts";
import type { Environment } from "../support/program.ts";
import { type Proxy, type ProxyOptions, startProxy } from "../support/proxy.ts";
import { sampleOf } from "../support/samples.ts";
import { answered, type Entry } from "../support/service.ts";
import { runExecutable, settingsFor, startExecutable } from "./executable.ts";

/** A name that only the proxy knows: what arrives came through it. */
export const HOST = "platformx.internal";

const PASSWORD = "p@ss/w0rd of the proxy";
/** What the proxy asks for. */
export const CREDENTIALS = `user:${PASSWORD}`;
/** As it has to be written into an address. */
export const USER_INFO = `user:${encodeURIComponent(PASSWORD)}`;
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), btoa(CREDENTIALS), STAND_IN_KEY];

/** PlatformX by HTTPS, whose certificate a private authority signed, behind a proxy. */
export interface Scene extends AsyncDisposable {
  readonly platformX: StandIn;
  readonly proxy: Proxy;
  /** All that is needed to get there. */
  readonly settings: Environment;
}

/** Starts all of it. */
export async function openScene(options: Partial<ProxyOptions> = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await openFolder());
  const issued = await issueCertificate(folder.path, [`DNS:${HOST}`, "IP:127.0.0.1"]);
  const platformX = stack.use(await startPlatformX({ tls: issued }));
  const proxy = stack.use(await startProxy({ leadsTo: platformX.port, ...options }));
  const settings = {
    ...settingsFor(platformX),
    GETDX_API_URL: `https://${HOST}/events.track`,
    HTTPS_PROXY: `http://${USER_INFO}@127.0.0.1:${proxy.port}`,
    DENO_CERT: issued.caFile,
  };
  return { platformX, proxy, settings, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Sends one webhook to a service with these settings; returns the answer's code and last word, and the log's entries. */
export async function sendOne(settings: Environment) {
  await using service = await startExecutable(settings);
  const response = await service.post(sampleOf({ name: "Workspace Created" }));
  assertDiscreet(await response.clone().text());
  const [status, outcome, reason] = await answered(response);
  assert.equal((await service.stop()).code, 0, service.stderr);
  assertDiscreet(service.log);
  return { answer: [status, reason ?? outcome], entries: service.entries };
}

/** `check`'s findings about the way, by their names. */
export async function check(settings: Environment): Promise<Map<string, string>> {
  const { stdout, stderr } = await runExecutable(["check", "--json"], { environment: settings });
  assertDiscreet(stdout + stderr);
  const { findings } = JSON.parse(stdout);
  return new Map(
    findings.filter((finding: { check: string }) => finding.check === "platformx")
      .map(({ name, state, detail, to_do }: Record<string, string>) => [
        name,
        `${state}: ${detail}${to_do === null ? "" : ` -> ${to_do}`}`,
      ]),
  );
}

function assertDiscreet(said: string): void {
  for (const secret of SECRETS) assert.ok(!said.includes(secret), said);
}

/** Environment without some. */
export function without(settings: Environment, ...names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}

/** What an entry with this name tells an operator. */
export function toldBy(entries: readonly Entry[], event: string) {
  const entry = entries.find((entry) => entry.event === event);
  assert.ok(entry, `no ${event} in ${JSON.stringify(entries)}`);
  return entry;
}
