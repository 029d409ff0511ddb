import type { CheckCommand } from "./arguments.ts";
import { clockFinding } from "../check/clock.ts";
import { type CoderSettings, coderSettings } from "../check/coder_lines.ts";
import { eventFindings } from "../check/events.ts";
import type { CheckName, Finding, GroupedFinding } from "../check/finding.ts";
import { settingFindings } from "../check/settings.ts";
import { testEvent, testEventFinding } from "../check/test_event.ts";
import { readText } from "../config/read_settings.ts";
import { denoFiles } from "../runtime/deno_files.ts";
import { maskEmail } from "../base/redact.ts";
import { platformxFindings } from "../check/platformx.ts";
import { portFinding, tryToListen } from "../check/port.ts";
import { proxyTo } from "../check/proxy.ts";
import { reach } from "../check/reach.ts";
import { machineStore, storeFindings } from "../check/store.ts";
import { trustFindings } from "../check/tls_trust.ts";
import { systemClock as clock } from "../base/clock.ts";
import { askLocally } from "../check/local_service.ts";
import { attemptAt } from "../platformx/client.ts";
import { alignColumns } from "./columns.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "../base/version.ts";
import { type Configured, configured } from "./load_config.ts";

/** Help of `check`. */
export const HELP = `coder-platformx check [--send-test-event EMAIL] [--show-secrets] [--json]

Reads the configuration as the service would and tells, in a table: every setting (secrets masked), whose each tracked
event will be and whether Coder sends it at all, whether PlatformX is reached (without key and event), whether the clock
is right, whether OUTBOX and the port can be used. Works while the service runs, and while it does not. Then the lines
to set in Coder.

--send-test-event EMAIL  sends one event with test_data about this person, who gets a survey, and tells the answer
--show-secrets           writes WEBHOOK_SECRET, percent-encoded, into the lines for Coder
--json                   the same as JSON

Exit codes: 0 nothing failed (warnings do not count), 1 something failed, 2 usage or configuration.`;

const USER_AGENT = `coder-platformx/${VERSION}`;

/** Checks the set-up, and sends a test event if it is told to. */
export async function check(
  terminal: Terminal,
  command: CheckCommand & { readonly envFile?: string },
): Promise<number> {
  const setUp = await configured(terminal, { needsKey: true, envFile: command.envFile });
  if (setUp === undefined) return 2;
  const { config } = setUp;
  const email = command.sendTestEvent;
  const problem = email === undefined ? undefined : whyNotSend(email, setUp);
  if (problem !== undefined) return terminal.err(problem), 2;

  const findings = await lookAtEverything(setUp);
  if (email !== undefined) {
    terminal.err(
      `${maskEmail(email)} will get a survey from PlatformX: a test event about this person is sent now`,
    );
    findings.push(...grouped("test_event", [await sendTestEvent(email, setUp)]));
  }
  const coder = coderSettings(config.http.webhookSecrets[0], command.showSecrets);
  terminal.out(command.json ? asJson(findings, coder) : asText(findings, coder));
  return findings.some(({ state }) => state === "failed") ? 1 : 0;
}

/** Bytes of DENO_CERT's file that are read: a system's whole bundle has some 220,000. */
const CA_LIMIT = 4 * 1024 * 1024;

async function lookAtEverything({ config, given, warnings }: Configured): Promise<GroupedFinding[]> {
  const { environment } = given;
  const cert = environment.get("DENO_CERT");
  const extraCa = cert ? await readText(denoFiles, cert, "many", CA_LIMIT) : undefined;
  const [store, port, away] = await Promise.all([
    storeFindings(config, { clock, ...machineStore }),
    portFinding(config.http, { tryToListen, ask: askLocally }),
    platformxAndClock(config, (name) => environment.get(name)),
  ]);
  return [
    ...grouped("settings", settingFindings({ given, warnings })),
    ...grouped("events", eventFindings(config.events.tracking, warnings)),
    ...grouped("platformx", away.platformx),
    ...grouped("platformx", config.delivery.dryRun ? [] : trustFindings({ environment, extraCa })),
    ...grouped("clock", [away.clock]),
    ...grouped("store", store),
    ...grouped("port", [port]),
  ];
}

async function platformxAndClock(
  { platformx: { url }, delivery: { dryRun } }: Configured["config"],
  environment: (name: string) => string | undefined,
): Promise<{ readonly platformx: readonly Finding[]; readonly clock: Finding }> {
  if (dryRun) {
    return {
      platformx: [{ name: "PlatformX", state: "skipped", detail: "not asked: a dry run sends nothing" }],
      clock: { name: "clock", state: "skipped", detail: "not compared: a dry run does not ask PlatformX" },
    };
  }
  const reached = await reach({ url, userAgent: USER_AGENT, fetch, now: clock.now });
  return {
    platformx: platformxFindings(reached, { url, proxy: proxyTo(url, environment) }),
    clock: reached.kind === "answer"
      ? clockFinding(reached)
      : { name: "clock", state: "skipped", detail: "not compared: PlatformX does not answer" },
  };
}

function whyNotSend(email: string, { config }: Configured): string | undefined {
  if (config.delivery.dryRun) {
    return "--send-test-event sends an event, and DRY_RUN forbids it: leave one of the two out";
  }
  const { domains } = config.events;
  const domain = email.slice(email.lastIndexOf("@") + 1);
  if (domains === undefined || domains.has(domain)) return undefined;
  return "--send-test-event needs an address in EMAIL_DOMAINS: nobody else is told to PlatformX";
}

async function sendTestEvent(email: string, { config }: Configured): Promise<Finding> {
  const { key: current, url } = config.platformx;
  const key = { current };
  const cut = new AbortController().signal;
  const attempt = attemptAt({ url, key, userAgent: USER_AGENT, clock, fetch, cut });
  return testEventFinding(await attempt(testEvent(email, clock.now(), VERSION)));
}

function grouped(check: CheckName, findings: readonly Finding[]): readonly GroupedFinding[] {
  return findings.map((finding) => ({ check, ...finding }));
}

function asJson(findings: readonly GroupedFinding[], coder: CoderSettings): string {
  const rows = findings.map(({ check, name, state, detail, todo }) => ({
    check,
    name,
    state,
    detail,
    to_do: todo ?? null,
  }));
  return JSON.stringify(
    { ok: !findings.some(({ state }) => state === "failed"), findings: rows, coder },
    null,
    2,
  );
}

function asText(findings: readonly GroupedFinding[], coder: CoderSettings): string {
  const cells = findings.map(({ check, name, state, detail }) => [state, check, name, detail]);
  const [head, ...rows] = alignColumns([["STATE", "CHECK", "NAME", "FOUND"], ...cells]).split("\n");
  const lines = rows.flatMap((row, i) => {
    const { todo } = findings[i]!;
    return todo === undefined ? [row] : [row, `         -> ${todo}`];
  });
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  return [
    head,
    ...lines,
    "",
    "To set in Coder, with the name under which Coder reaches this service:",
    ...Object.entries(coder).map(([name, value]) => `${name}=${value}`),
    "This moves all of Coder's notifications from e-mail to here, password-reset codes too (they are dropped).",
    "",
    `${count("failed")} failed, ${count("warning")} warnings`,
  ].join("\n");
}
