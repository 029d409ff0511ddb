/** Looks at the whole set-up: what `check` tells. */
import type { Clock } from "../base/clock.ts";
import { CoderApi } from "../coder/coder_api.ts";
import type { Config } from "../config/config.ts";
import type { Given, Notice } from "../config/given.ts";
import { readText } from "../config/read_settings.ts";
import { proxyTo } from "../runtime/proxy.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { clockFinding } from "./clock.ts";
import { lookAtCoder } from "./coder.ts";
import { coderFindings } from "./coder_findings.ts";
import { eventFindings } from "./events.ts";
import type { CheckName, Finding, GroupedFinding } from "./finding.ts";
import { askLocally } from "./local_service.ts";
import { platformxFindings } from "./platformx.ts";
import { portFinding } from "./port.ts";
import { publicFindings } from "./public_address.ts";
import { reach } from "./reach.ts";
import { settingFindings } from "./settings.ts";
import { machineStore, storeFindings } from "./store.ts";
import { trustFindings } from "./tls_trust.ts";

/** What is looked at, and how. */
export interface Looking {
  readonly config: Config;
  readonly warnings: readonly Notice[];
  /** What the configuration was parsed from. */
  readonly given: Given;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly userAgent: string;
  /** The address that Coder sends to; undefined: it is not asked. */
  readonly publicUrl: string | undefined;
}

/** All findings, in the order of {@link CheckName}. Sends no event. */
export async function lookAtEverything(looking: Looking): Promise<readonly GroupedFinding[]> {
  const { clock, config, given, publicUrl, runtime, userAgent, warnings } = looking;
  const [store, port, away, coder, fromOutside] = await Promise.all([
    storeFindings(config, machineStore(runtime)),
    portFinding(config.http, { listen: runtime.listen, ask: askLocally }),
    platformxAndClock(looking),
    coderSide(looking),
    publicUrl === undefined ? [] : publicFindings(publicUrl, {
      send: runtime.send,
      clock,
      secrets: config.http.webhookSecrets,
      userAgent,
    }),
  ]);
  return [
    ...grouped("settings", settingFindings({ given, warnings })),
    ...grouped("events", eventFindings(config.events.tracking, warnings)),
    ...grouped("platformx", away.platformx),
    ...grouped("clock", [away.clock]),
    ...grouped("store", store),
    ...grouped("port", [port]),
    ...grouped("coder", coder),
    ...grouped("public_url", fromOutside),
  ];
}

async function platformxAndClock(
  { clock, config: { delivery: { dryRun }, platformx: { url } }, given, runtime, userAgent }: Looking,
): Promise<{ readonly platformx: readonly Finding[]; readonly clock: Finding }> {
  if (dryRun) {
    return {
      platformx: [{ name: "PlatformX", state: "skipped", detail: "not asked: a dry run sends nothing" }],
      clock: { name: "clock", state: "skipped", detail: "not compared: a dry run does not ask PlatformX" },
    };
  }
  const { env, files, send } = runtime;
  const { environment } = given;
  const cert = environment.get("DENO_CERT");
  const extraCa = cert ? await readText(files, cert, "many", CA_LIMIT) : undefined;
  const trust = trustFindings({ environment, extraCa });
  const trustFails = trust.some(({ state }) => state === "failed");
  const reached = await reach({ url, userAgent, send, clock });
  return {
    platformx: [...trust, ...platformxFindings(reached, { url, proxy: proxyTo(url, env), trustFails })],
    clock: reached.kind === "answer"
      ? clockFinding(reached)
      : { name: "clock", state: "skipped", detail: "not compared: PlatformX does not answer" },
  };
}

async function coderSide(
  { clock, config, runtime: { send }, userAgent }: Looking,
): Promise<readonly Finding[]> {
  const { coder, events: { tracking }, http: { webhookSecrets: secrets } } = config;
  if (coder === undefined) return [{ name: "Coder", state: "skipped", detail: NOT_ASKED }];
  const seen = await lookAtCoder(new CoderApi({ ...coder, userAgent, send, clock }));
  return coderFindings(seen, { tracking, secrets });
}

const NOT_ASKED =
  "not asked: with CODER_URL and CODER_SESSION_TOKEN (of a service account with the role auditor, as short-lived as suits) " +
  "this tells whether Coder sends the tracked notifications here";

/** Bytes of DENO_CERT's file that are read: a system's whole bundle has some 220,000. */
const CA_LIMIT = 4 * 1024 * 1024;

/** Puts findings into their group. */
export function grouped(check: CheckName, findings: readonly Finding[]): readonly GroupedFinding[] {
  return findings.map((finding) => ({ check, ...finding }));
}
