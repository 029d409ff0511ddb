import type { Clock } from "../base/clock.ts";
import { escapeControls } from "../base/redact.ts";
import { VERSION } from "../base/version.ts";
import { CoderApi } from "../coder/coder_api.ts";
import { Directory } from "../coder/directory.ts";
import { problemOf } from "../coder/notification.ts";
import { BODY_LIMIT } from "../http/body.ts";
import type { FileFault, Runtime } from "../runtime/runtime.ts";
import type { ExplainCommand } from "./arguments.ts";
import { explanationJson, explanationOf, explanationText } from "./explanation.ts";
import { configured } from "./load_config.ts";
import { pastedJson } from "./pasted.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `explain`. */
export const HELP = `coder-platformx explain [FILE|-] [--ask] [--json]

Reads the body of a webhook from a file or standard input, and tells what the service would do with
it: whether it is tracked, whose event it is and why, the event that would be sent, how large its
metadata is, and what was left out and why. If it is not sent, this shows which setting would change
that, and the event all the same. Uses EVENTS_TRACKED, EMAIL_DOMAINS and GETDX_TEST_DATA; sends
nothing. The person's address is printed.

--ask   asks Coder for the person, as the service does, where the webhook does not hold the address

Exit codes: 0 it is a notification, 1 it is not or cannot be read, 2 usage or configuration.`;

/** Explains one webhook body. */
export async function explain(
  { env, files, send, stdin }: Pick<Runtime, "env" | "files" | "send" | "stdin">,
  terminal: Terminal,
  { ask, file, json, envFile }: ExplainCommand & { readonly envFile?: string },
  clock: Clock,
): Promise<number> {
  const setUp = await configured({ env, files }, terminal, { needsKey: false, envFile });
  if (setUp === undefined) return 2;
  const { coder, events, platformx } = setUp.config;
  if (ask && coder === undefined) return terminal.err(NEEDS_CODER), 2;
  const name = file === "-" ? "Standard input" : `'${escapeControls(file)}'`;
  const bytes = file === "-"
    ? await stdin.read(BODY_LIMIT) ?? "too_large"
    : await files.read(file, BODY_LIMIT);
  if (typeof bytes === "string") return terminal.err(`${name} cannot be read: ${WHY_UNREAD[bytes]}`), 1;
  const pasted = pastedJson(bytes);
  if ("problem" in pasted) return terminal.err(`${name} ${pasted.problem}`), 1;
  if (pasted.around !== undefined) terminal.err(`${name} is no JSON by itself: ${AROUND[pasted.around]}`);
  const explanation = await explanationOf(pasted.value, {
    ...events,
    testData: platformx.testData,
    find: ask && coder !== undefined ? asking(coder, { send, terminal, clock }) : undefined,
    now: clock.now(),
  });
  if ("need" in explanation) {
    const { field, rule } = await problemOf(pasted.value, explanation);
    return terminal.err(`Not a Coder notification: ${field} ${rule}`), 1;
  }
  terminal.out(json ? explanationJson(explanation) : explanationText(explanation));
  return 0;
}

const NEEDS_CODER = "'--ask' needs Coder: set CODER_URL and CODER_SESSION_TOKEN";

/** Asks Coder, and says it where Coder does not answer. */
function asking(
  coder: { readonly url: string; readonly token: string },
  { send, terminal, clock }: {
    readonly send: Runtime["send"];
    readonly terminal: Terminal;
    readonly clock: Clock;
  },
): Directory["find"] {
  const userAgent = `coder-platformx/${VERSION}`;
  const directory = new Directory(new CoderApi({ ...coder, userAgent, send, clock }), clock);
  return async (whom) => {
    const found = await directory.find(whom);
    if (found.kind === "unavailable") {
      terminal.err(`Coder was asked and did not tell (${found.seen}): see 'coder-platformx check'`);
    }
    return found;
  };
}

const WHY_UNREAD: Readonly<Record<FileFault, string>> = {
  missing: "there is no such file",
  forbidden: "this user may not read it",
  folder: "it is a folder: name the file with the body of a webhook",
  too_large: `it must have at most ${BODY_LIMIT} bytes, as a webhook's body`,
  stalled: "it is a pipe, and nobody writes to it",
  unreadable: "it is not read: name a file with the body of a webhook, or - for standard input",
};

const AROUND = {
  fences: "the ``` fences around it were left out",
  text: "the text around it, perhaps a log's prefix, was left out",
} as const;
