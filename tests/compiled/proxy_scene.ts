/** The executable between Coder and a PlatformX that is reached through a proxy and by a private CA's certificate. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../../tools/demo/platformx.ts";
import { issueCertificate } from "./certificates.ts";
import { type Proxy, type ProxyOptions, startProxy } from "./connect_proxy.ts";
import { executable, openFolder, PATIENCE, run, type Settings, withOnly } from "./executable.ts";
import { settingsFor, webhook } from "./exchange.ts";
import { start } from "./service.ts";
import { serveTls } from "./tls_in_front.ts";

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
  /** Port of PlatformX by HTTPS. */
  readonly port: number;
  /** All that is needed to get there. */
  readonly settings: Settings;
}

/** Starts all of it. */
export async function openScene(options: Partial<ProxyOptions> = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await openFolder());
  const platformX = stack.use(startPlatformX());
  const issued = await issueCertificate(folder.path, [`DNS:${HOST}`, "IP:127.0.0.1"]);
  const tls = stack.use(serveTls(Number(new URL(platformX.url).port), issued));
  const proxy = stack.use(startProxy({ leadsTo: tls.port, ...options }));
  const settings = {
    ...settingsFor(platformX),
    GETDX_API_URL: `https://${HOST}/events.track`,
    HTTPS_PROXY: `http://${USER_INFO}@127.0.0.1:${proxy.port}`,
    DENO_CERT: issued.caFile,
  };
  return { platformX, proxy, port: tls.port, settings, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Sends one webhook to a service with these settings; returns the answer, and the log's entries. */
export async function sendOne(settings: Settings) {
  await using service = await start(withOnly(settings, executable()), { cwd: "/" });
  const response = await fetch(service.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await webhook(),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  const { code, stdout, stderr } = await service.stop();
  assert.equal(code, 0, stderr);
  assertDiscreet(text + stdout + stderr);
  const entries = (stdout + stderr).split("\n").filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line)
  );
  const { status, reason } = JSON.parse(text);
  return { answer: [response.status, reason ?? status], entries };
}

/** `check`'s findings about the way, by their names. */
export async function check(settings: Settings): Promise<Map<string, string>> {
  const { stdout, stderr } = await run(withOnly(settings, executable(), "check", "--json"));
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

/** Settings without some. */
export function without(settings: Settings, ...names: readonly string[]): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}

/** What an entry with this name tells an operator. */
export function toldBy(entries: readonly Record<string, string>[], event: string) {
  const entry = entries.find((entry) => entry["event"] === event);
  assert.ok(entry, `no ${event} in ${JSON.stringify(entries)}`);
  return entry as { readonly level: string; readonly message: string; readonly seen: string };
}
