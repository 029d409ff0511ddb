import { maskEmail, printableJson } from "../base/redact.ts";
import { VERSION } from "../base/version.ts";
import { grouped, lookAtEverything } from "../check/check.ts";
import { type CoderSettings, coderSettings } from "../check/coder_lines.ts";
import type { Finding, GroupedFinding } from "../check/finding.ts";
import { problemFindings } from "../check/settings.ts";
import { sendTestEvent, whyNotSend } from "../check/test_event.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { systemClock as clock } from "../runtime/system_clock.ts";
import type { CheckCommand } from "./arguments.ts";
import { alignColumns, WIDTH, wrap } from "./columns.ts";
import { serviceSetUp, tellProblems } from "./load_config.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `check`. */
export const HELP =
  `coder-platformx check [--public-url URL] [--send-test-event EMAIL] [--show-secrets] [--json]

Reads the configuration as the service would and tells, problems first: every setting (secrets
masked), whose each tracked event will be and whether Coder sends it at all, whether PlatformX is
reached (without key and event), whether the clock is right, whether OUTBOX and the port can be
used. It works whether or not the service is running. Then come the lines to set in Coder. A note is
worth knowing; no setting clears it.

--public-url URL         tries the address that Coder sends to: this service must answer a POST
                         without the secret with 401; then it asks for health with the secret
--send-test-event EMAIL  sends one test event about this person, who gets a survey
--show-secrets           writes WEBHOOK_SECRET, percent-encoded, into the lines for Coder
--json                   the same as JSON, also where the settings are wrong

Exit codes: 0 nothing failed (warnings do not count), 1 something failed, 2 usage or settings.`;

/** Checks the set-up, and sends a test event if it is told to. */
export async function check(
  runtime: Runtime,
  terminal: Terminal,
  command: CheckCommand & { readonly envFile?: string },
): Promise<number> {
  const { json, publicUrl, sendTestEvent: email, showSecrets } = command;
  const setUp = await serviceSetUp(runtime, command.envFile);
  if ("problems" in setUp) {
    const { given, problems } = setUp;
    if (json) terminal.out(asJson(grouped("settings", problemFindings(problems, given)), null));
    else tellProblems(terminal, setUp);
    return 2;
  }
  const { config } = setUp;
  const problem = email === undefined ? undefined : whyNotSend(email, config);
  const coder = coderSettings(config.http.webhookSecrets[0], showSecrets);
  if (problem !== undefined) {
    const finding = { name: "answer", state: "failed", detail: "not sent", todo: problem } as const;
    if (json) terminal.out(asJson(grouped("test_event", [finding]), coder));
    else terminal.err(problem);
    return 2;
  }

  const asking = { clock, userAgent: `coder-platformx/${VERSION}` };
  const findings = [...await lookAtEverything({ ...setUp, runtime, publicUrl, ...asking })];
  if (email !== undefined) {
    terminal.err(
      `${maskEmail(email)} will get a survey from PlatformX: a test event about this person is sent now`,
    );
    const finding = await sendTestEvent(email, { config, send: runtime.send, ...asking });
    findings.push(...grouped("test_event", [finding]));
  }
  terminal.out(json ? asJson(findings, coder) : asText(findings, coder));
  return findings.some(({ state }) => state === "failed") ? 1 : 0;
}

/** What `check --json` prints: the findings in the order in which they were made. `coder`: null where it is not known. */
export function asJson(findings: readonly GroupedFinding[], coder: CoderSettings | null): string {
  const rows = findings.map(({ todo, ...finding }) => ({ ...finding, to_do: todo ?? null }));
  const [failed, warnings, notes] = PROBLEMS.map((state) => count(findings, state));
  return printableJson({ ok: failed === 0, failed, warnings, notes, findings: rows, coder });
}

/** States that are more than "ok", the worst first. */
const PROBLEMS = ["failed", "warning", "note"] as const;

/** What `check` prints: problems first, and how many there are at the end. */
export function asText(findings: readonly GroupedFinding[], coder: CoderSettings): string {
  const rest = findings.filter(({ state }) => state === "ok" || state === "skipped");
  const ordered = [
    ...PROBLEMS.flatMap((wanted) => findings.filter(({ state }) => state === wanted)),
    ...rest,
  ];
  const cells = ordered.map(({ check, detail, name, state }) => [state, check, name, detail]);
  const table = alignColumns([["STATE", "CHECK", "NAME", "FOUND"], ...cells], WIDTH).split("\n");
  // A row is one line or more; only its first line begins with a state.
  const rows = table.reduce<string[][]>((rows, line) => {
    if (line.startsWith(" ")) rows.at(-1)!.push(line);
    else rows.push([line]);
    return rows;
  }, []);
  const lines = rows.flatMap((row, i) => {
    const [finding, next] = [ordered[i - 1], ordered[i]];
    // What is to be done about several in a row is said once.
    const isSaid = finding?.todo === undefined ||
      (finding.todo === next?.todo && finding.state === next.state);
    const isLastProblem = i > 0 && i === ordered.length - rest.length;
    return [
      ...row,
      ...(isSaid ? [] : [wrap(finding.todo, { indent: 12, first: "         -> " })]),
      ...(isLastProblem ? [""] : []),
    ];
  });
  return [
    ...lines,
    "",
    "To set in Coder, with the name under which Coder reaches this service:",
    ...Object.entries(coder).map(([name, value]) => `${name}=${value}`),
    wrap(
      "This moves all of Coder's notifications from e-mail to here, password-reset codes too (they are dropped).",
    ),
    "",
    counted(findings),
  ].join("\n");
}

function counted(findings: readonly GroupedFinding[]): string {
  const [failed, warnings, notes] = PROBLEMS.map((state) => count(findings, state));
  const plural = (number: number | undefined, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `${failed} failed, ${plural(warnings, "warning")}, ${plural(notes, "note")}`;
}

function count(findings: readonly GroupedFinding[], wanted: Finding["state"]): number {
  return findings.filter(({ state }) => state === wanted).length;
}
