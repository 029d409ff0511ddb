/** `check` as a child process, with an environment and a working directory of its own. */
// Imported for its packages only: this process fetches them, so that the child need not.
import "../../main.ts";
import { fileURLToPath } from "node:url";
import { STAND_IN_KEY } from "../../tools/demo/platformx.ts";
import { readableNames } from "../../lib/config/variables.ts";
import { PROGRAM_DENO, withMachine } from "./program_deno.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Milliseconds after which a child that hangs is ended. */
const HANGS = 60_000;

/** How it ended. */
export interface Checked {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A finding, as `--json` writes it. */
export interface JsonFinding {
  readonly check: string;
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly to_do: string | null;
}

/** Runs `check` with these settings over ones that are well. */
export async function runCheck(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Checked> {
  const folder = await Deno.makeTempDir();
  const well = {
    HOST: "127.0.0.1",
    PORT: "0",
    GETDX_API_KEY: STAND_IN_KEY,
    WEBHOOK_SECRET: "webhook-s3cret",
  };
  try {
    const { code, stdout, stderr } = await new Deno.Command(PROGRAM_DENO, {
      args: [
        "run",
        "--no-prompt",
        "--allow-net",
        "--allow-read",
        "--allow-write",
        `--allow-env=${readableNames().join(",")}`,
        MAIN,
        "check",
        ...args,
      ],
      cwd: folder,
      clearEnv: true,
      env: withMachine({ ...well, ...settings }),
      stdin: "null",
      signal: AbortSignal.timeout(HANGS),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The findings that `check --json` wrote. */
export function findingsIn({ stdout }: Checked): readonly JsonFinding[] {
  return JSON.parse(stdout).findings;
}

/** What a request held. */
export interface Recorded {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server that records every request and answers each the same. */
export function startRecorder(
  answer: () => Response,
  tls: { readonly cert?: string; readonly key?: string } = {},
): { readonly origin: string; readonly requests: readonly Recorded[] } & AsyncDisposable {
  const requests: Recorded[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls } as Deno.ServeTcpOptions,
    async (request) => {
      const { method, headers } = request;
      requests.push({ method, headers, body: await request.text() });
      return answer();
    },
  );
  const scheme = tls.cert === undefined ? "http" : "https";
  return {
    origin: `${scheme}://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
