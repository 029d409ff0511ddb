/** Coder's side, by Go's HTTP client as Coder uses it: see `coder_client/main.go`. */
import { eventually } from "../support/eventually.ts";
import { Child, needs, openFolder, succeed } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { machine } from "../support/program.ts";

/** What Coder makes of an answer. */
export interface Dispatched {
  /** Whether Coder takes the webhook for delivered; if not, it sends again. */
  readonly delivered: boolean;
  /** Of the last answer; 0: there was none. */
  readonly status: number;
  /** What Coder's log would hold. */
  readonly logged: string;
}

/** A Coder that sends one webhook after the other. */
export interface Coder extends AsyncDisposable {
  send(webhook: unknown): Promise<Dispatched>;
}

let built: Promise<string> | undefined;

/** Builds the client, once in a run; Go keeps what it has built. */
async function build(): Promise<string> {
  await needs("go", "install Go, for instance by Debian's package golang-go");
  const { path } = await openFolder();
  const binary = `${path}/coder_client`;
  await succeed(["go", "build", "-o", binary, "."], {
    cwd: fileOf("tests/neighbours/coder_client"),
    environment: { ...machine(), PATH: Deno.env.get("PATH") ?? "", GOFLAGS: "-trimpath" },
  });
  globalThis.addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  return binary;
}

/** Starts a Coder with this endpoint. @param caFile of a certificate authority that its machine trusts */
export async function startCoder(endpoint: string, caFile = ""): Promise<Coder> {
  const child = new Child([await (built ??= build()), endpoint], {
    stdin: "open",
    environment: caFile === "" ? {} : { SSL_CERT_FILE: caFile },
  });
  let sent = 0;
  return {
    async send(webhook) {
      const nth = sent++;
      await child.type(`${JSON.stringify(webhook)}\n`);
      const line = () => child.stdout.split("\n").slice(0, -1)[nth];
      const seen = () => child.told;
      const result = await eventually(() => child.isOver ? "" : line(), "what Coder makes of an answer", {
        until: (text) => text !== undefined,
        seen,
      });
      if (!result) throw new Error(`Coder's client ended\n${seen()}`);
      return JSON.parse(result);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
