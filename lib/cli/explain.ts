import { answered, attribute, type Attributed, type Ignored } from "../coder/attribution.ts";
import { METADATA_LIMIT } from "../platformx/budget.ts";
import type { Config } from "../config/config.ts";
import { buildEvent, type BuiltEvent } from "../platformx/event.ts";
import type { LeftOutReason } from "../platformx/label_filter.ts";
import { type Invalid, problemOf, recognise } from "../coder/notification.ts";
import { escapeControls, printableJson } from "../base/redact.ts";
import { BODY_LIMIT } from "../http/body.ts";
import { readAtMost } from "../base/read_at_most.ts";
import { alignColumns } from "./columns.ts";
import type { Terminal } from "./terminal.ts";
import { configured } from "./load_config.ts";

/** Help of `explain`. */
export const HELP = `coder-platformx explain [FILE|-] [--json]

Reads the body of a webhook from a file or standard input, and tells what the service would do with it: whether it is
tracked, whose event it is and why, the event that would be sent, how large its metadata is, and what was left out and
why. Uses EVENTS_TRACKED, EMAIL_DOMAINS and GETDX_TEST_DATA; sends nothing. The person's address is printed.

Exit codes: 0 it is a notification, 1 it is not or cannot be read, 2 usage or configuration.`;

const WHY_IGNORED = {
  secret: "dropped unread: it holds a password-reset code, and nothing of it is shown or kept",
  not_tracked: "ignored: EVENTS_TRACKED does not ask for it",
  no_person: "ignored: it holds no e-mail address of the person it is about",
  domain: "ignored: the person's address is not in EMAIL_DOMAINS",
} as const;

const WHY_LEFT_OUT: Readonly<Record<LeftOutReason, string>> = {
  free_text: "text typed by a person",
  secret_name: "its name says that it is a secret",
  personal_id: "the id of a person",
  recipient: "the recipient's address",
  empty: "it is empty",
  not_text: "it is not text",
  name_taken: "another field has its name",
  name_too_long: "its name is too long",
  too_many: "there are too many labels: this one and those after it",
};

/** Explains one webhook body. */
export async function explain(
  terminal: Terminal,
  { file, json }: { readonly file: string; readonly json: boolean },
): Promise<number> {
  const setUp = configured(terminal, { needsKey: false });
  if (setUp === undefined) return 2;
  const body = await readFile(file);
  if ("problem" in body) return terminal.err(body.problem), 1;
  const explanation = explained(body.value, setUp.config, Date.now());
  if ("kind" in explanation) {
    const { field, rule } = await problemOf(body.value, explanation);
    return terminal.err(`Not a Coder notification: ${field} ${rule}`), 1;
  }
  terminal.out(json ? printableJson(asJson(explanation)) : asText(explanation));
  return 0;
}

type Explanation =
  | { readonly attributed: Ignored }
  | { readonly attributed: Attributed; readonly built: BuiltEvent };

function explained(
  body: unknown,
  { tracking, domains, testData }: Config,
  now: number,
): Explanation | Invalid {
  const notification = recognise(body);
  if (notification.kind === "invalid") return notification;
  const attribution = attribute(notification, { tracking, domains });
  if (attribution.kind === "invalid") return attribution;
  // Nobody asks Coder yet: the rules do not allow it.
  const attributed = attribution.kind === "ask" ? answered(attribution, undefined, { domains }) : attribution;
  if (attributed.kind === "ignored") return { attributed };
  const first = { messageId: notification.messageId, arrivedAt: now };
  return { attributed, built: buildEvent(attributed, { first, testData }) };
}

function asJson(explanation: Explanation): unknown {
  if (!("built" in explanation)) {
    const { attributed } = explanation;
    const name = "name" in attributed ? attributed.name : null;
    return {
      notification: name,
      sent: false,
      reason: attributed.reason,
      why: WHY_IGNORED[attributed.reason],
    };
  }
  const { attributed, built: { event, fitted, leftOut } } = explanation;
  return {
    notification: attributed.name,
    sent: true,
    person: { email: attributed.email, found_in: attributed.source },
    event,
    metadata_bytes: fitted.bytes,
    metadata_limit: METADATA_LIMIT,
    left_out: leftOut.map(({ label, why }) => ({ label, why: WHY_LEFT_OUT[why] })),
    cut: fitted.cut,
    dropped: fitted.dropped,
  };
}

function asText(explanation: Explanation): string {
  if (!("built" in explanation)) {
    const { attributed } = explanation;
    const name = "name" in attributed ? `${escapeControls(attributed.name)}: ` : "";
    return name + WHY_IGNORED[attributed.reason];
  }
  const { attributed, built: { event, fitted, leftOut } } = explanation;
  const known = attributed.notification.row === undefined ? ", not known to this version" : "";
  const rows = [
    ["notification", `${escapeControls(attributed.name)} (tracked${known})`],
    ["person", `${escapeControls(attributed.email)} (from ${attributed.source})`],
    ["metadata", `${fitted.bytes} of ${METADATA_LIMIT} bytes`],
    ...leftOut.map(({ label, why }) => ["left out", `${escapeControls(label)}: ${WHY_LEFT_OUT[why]}`]),
    ...fitted.cut.map((key) => ["cut", `${escapeControls(key)}: to fit the limit`]),
    ...fitted.dropped.map((key) => ["dropped", `${escapeControls(key)}: to fit the limit`]),
    [
      "never sent",
      `${attributed.source === "user_email" ? "" : "recipient, "}title, body, actions, build parameters`,
    ],
  ];
  return `${alignColumns(rows)}\n\nThe event that would be sent:\n${printableJson(event)}`;
}

async function readFile(file: string): Promise<{ readonly value: unknown } | { readonly problem: string }> {
  const name = file === "-" ? "Standard input" : `'${escapeControls(file)}'`;
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readAtMost(
      file === "-" ? Deno.stdin.readable : (await Deno.open(file)).readable,
      BODY_LIMIT,
    );
  } catch {
    return {
      problem: `${name} cannot be read: give a file with the body of a webhook, or - for standard input`,
    };
  }
  if (bytes === undefined) return { problem: `${name} must have at most ${BODY_LIMIT} bytes` };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return { problem: `${name} must be JSON in UTF-8` };
  }
}
