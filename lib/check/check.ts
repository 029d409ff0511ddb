/** Looks at the whole set-up: what `check` tells. */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { SettingsSource } from "../config/settings.ts";
import { proxyTo } from "../runtime/proxy.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { clockFinding } from "./clock.ts";
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
  readonly warnings: readonly string[];
  /** What the configuration was read from. */
  readonly source: SettingsSource;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly userAgent: string;
  /** The address that Coder sends to; undefined: it is not asked. */
  readonly publicUrl: string | undefined;
}

/** All findings, in the order of {@link CheckName}. Sends no event. */
export async function lookAtEverything(looking: Looking): Promise<readonly GroupedFinding[]> {
  const { config, publicUrl, runtime, source, userAgent, warnings } = looking;
  const shown = { source, environment: runtime.env, warnings };
  const [store, port, away, fromOutside] = await Promise.all([
    storeFindings(config, machineStore(runtime)),
    portFinding(config, { listen: runtime.listen, ask: askLocally }),
    platformxAndClock(looking),
    publicUrl === undefined
      ? []
      : publicFindings(publicUrl, { send: runtime.send, secrets: config.webhookSecrets, userAgent }),
  ]);
  return [
    ...grouped("settings", settingFindings(shown)),
    ...grouped("events", eventFindings(config.tracking, warnings)),
    ...grouped("platformx", away.platformx),
    ...grouped("clock", [away.clock]),
    ...grouped("store", store),
    ...grouped("port", [port]),
    ...grouped("public_url", fromOutside),
  ];
}

async function platformxAndClock(
  { clock, config: { apiUrl: url, dryRun }, runtime: { env, send }, source, userAgent }: Looking,
): Promise<{ readonly platformx: readonly Finding[]; readonly clock: Finding }> {
  if (dryRun) {
    return {
      platformx: [{ name: "PlatformX", state: "skipped", detail: "not asked: a dry run sends nothing" }],
      clock: { name: "clock", state: "skipped", detail: "not compared: a dry run does not ask PlatformX" },
    };
  }
  const trust = trustFindings({ source, environment: env });
  const trustFails = trust.some(({ state }) => state === "failed");
  const reached = await reach({ url, userAgent, send, now: clock.now });
  return {
    platformx: [...trust, ...platformxFindings(reached, { url, proxy: proxyTo(url, env), trustFails })],
    clock: reached.kind === "answer"
      ? clockFinding(reached)
      : { name: "clock", state: "skipped", detail: "not compared: PlatformX does not answer" },
  };
}

/** Puts findings into their group. */
export function grouped(check: CheckName, findings: readonly Finding[]): readonly GroupedFinding[] {
  return findings.map((finding) => ({ check, ...finding }));
}
