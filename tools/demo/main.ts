/**
 * The demo: Coder's notifications on their way through the service to a stand-in of PlatformX, on this machine only.
 *
 * `deno task demo` ends by itself; `deno task demo --serve` goes on, to be tried by hand, until Ctrl-C.
 * Exit codes: 0 done, 1 answers and record disagree or the service failed, 2 usage, 130 interrupted.
 */
import { escapeControls } from "../../lib/base/redact.ts";
import type { Terminal } from "../../lib/cli/terminal.ts";
import { compare } from "./check.ts";
import { endpointOf, post } from "./coder.ts";
import { STAND_IN_KEY, startPlatformX } from "../../tests/support/platformx.ts";
import type { ReceivedEvent } from "../../tests/support/platformx_rules.ts";
import { fileOf } from "../../tests/support/files.ts";
import { type Program, startProgram } from "../../tests/support/service.ts";
import { INTRO, report } from "./show.ts";
import { tell, TRACKED } from "./story.ts";

/** Holds what an address must encode and what is more than one byte, as a real one may. */
const SECRET = "sésame/open@demo";

/** Milliseconds within which everything has been shown, unless something hangs. */
const LIMIT = 60_000;

/** Milliseconds that the service gets to end by itself. */
const PATIENCE = 5_000;

/** Not a command's own, which would escape the colours. */
const terminal: Terminal = {
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  isTerminal: Deno.stdout.isTerminal(),
  flush: () => Promise.resolve(true),
};

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

async function demo(goesOn: boolean, interrupted: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(LIMIT)]);
  terminal.out(`${INTRO}\n`);
  let announce = (_event: ReceivedEvent) => {};
  await using platformX = await startPlatformX({ onEvent: (event) => announce(event) });
  await using service = await startProgram({
    directory: fileOf("tests/fixtures/coder"), // in which there is no `.env`
    environment: {
      EVENTS_TRACKED: TRACKED.join(", "),
      GETDX_API_KEY: STAND_IN_KEY,
      GETDX_API_URL: platformX.url,
      WEBHOOK_SECRET: SECRET,
      LOG_FORMAT: "json",
    },
  });

  const endpoint = endpointOf(service.url, SECRET);
  const exchanges = await tell({
    post: (webhook) => post(endpoint, webhook, signal),
    platformX,
    sleep: (ms) => sleep(ms, signal),
  });
  if (!goesOn) await service.stop({ patience: PATIENCE }); // an event that comes late is then in the record too

  const code = report(compare(exchanges, platformX.events), platformX.events, terminal);
  if (code !== 0) return code;
  if (!goesOn) {
    terminal.out(
      "Next: 'deno task demo --serve' lets you send webhooks yourself; README.md says how to connect Coder.",
    );
    return 0;
  }
  terminal.out(howToTry(service, endpoint));
  announce = (event) => terminal.out(escapeControls(JSON.stringify(event)));
  const ended = await untilEnd(service, interrupted);
  await service.stop({ patience: PATIENCE });
  return ended;
}

function howToTry({ url }: Program, endpoint: string): string {
  const sample = {
    msg_id: "1",
    payload: {
      notification_name: "Workspace Created",
      user_email: "admin@example.com",
      labels: { workspace: "my-workspace" },
      data: { owner: { email: "you@example.com" } },
    },
  };
  const curl = `curl -u 'coder:${SECRET}' -H 'Content-Type: application/json' -d '${
    JSON.stringify(sample)
  }' ${url}`;
  return `Service and stand-in keep running until Ctrl-C.

Health: ${url}
A Coder on this machine: CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=${endpoint}
By hand:

${curl}

Sent twice, the second is a duplicate; with another msg_id it is another event. What arrives at PlatformX:`;
}

/** Waits for Ctrl-C. */
async function untilEnd(service: Program, interrupted: AbortSignal): Promise<number> {
  const stopped = new Promise<undefined>((resolve) => {
    if (interrupted.aborted) resolve(undefined);
    interrupted.addEventListener("abort", () => resolve(undefined));
  });
  const code = await Promise.race([stopped, service.ended()]);
  // Ctrl-C reaches the service too, and can end it first.
  if (code === undefined || code === 0) return 0;
  throw new Error(`the service ended with code ${code}`);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const slept = Promise.withResolvers<void>();
  const timer = setTimeout(slept.resolve, ms);
  signal.addEventListener("abort", () => slept.reject(signal.reason), { once: true });
  await slept.promise.finally(() => clearTimeout(timer));
}

async function run(args: readonly string[]): Promise<number> {
  const [option, ...more] = args;
  if ((option !== undefined && option !== "--serve") || more.length > 0) {
    terminal.err("usage: deno task demo [--serve]");
    return 2;
  }
  Deno.env.set("NO_PROXY", "127.0.0.1"); // a company's proxy knows nothing of this machine's own ports
  const interrupted = new AbortController();
  for (const name of SIGNALS) Deno.addSignalListener(name, () => interrupted.abort());
  try {
    return await demo(option === "--serve", interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    terminal.err(`The demo failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args));
