/** A real KV Connect server, `denokv`, with TLS in front of it: the service takes https addresses only. */
import { issueCertificate } from "../../compiled/certificates.ts";
import { serveTls } from "../../compiled/tls_in_front.ts";
import { until } from "../../support/program.ts";

/** A server that can be killed and started again on the same data. Disposing of it ends it. */
export interface KvServer extends AsyncDisposable {
  /** What a service needs to reach it. */
  readonly environment: Readonly<Record<"OUTBOX" | "DENO_CERT" | "DENO_KV_ACCESS_TOKEN", string>>;
  /** Ends it as a power failure would. */
  kill(): Promise<void>;
  /** Starts it again; it listens when this returns. */
  start(): Promise<void>;
}

const TOKEN = "access-token-of-a-test";

const MISSING = "denokv is missing, which these tests are about. Let DENOKV name it, or put it on PATH: " +
  "'cargo install denokv --version 0.14.0 --locked' makes it (with Debian's protobuf-compiler; it takes some minutes)";

/** Starts a server on an empty database. */
export async function startKvServer(): Promise<KvServer> {
  const folder = await Deno.makeTempDir();
  const issued = await issueCertificate(folder, ["IP:127.0.0.1"]);
  const port = freePort();
  const tls = serveTls(port, issued);
  let child: Deno.ChildProcess | undefined;

  const start = async () => {
    child = spawn(["--sqlite-path", `${folder}/kv.sqlite`, "serve"], `127.0.0.1:${port}`);
    let isListening = false;
    const asking = (async () => {
      while (!isListening) isListening = await listens(port);
    })();
    await until(() => isListening, "denokv to listen");
    await asking;
  };
  const kill = async () => {
    child?.kill("SIGKILL");
    await child?.status;
    child = undefined;
  };
  const dispose = async () => {
    await kill();
    await tls[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    environment: {
      OUTBOX: `https://127.0.0.1:${tls.port}`,
      DENO_CERT: issued.caFile,
      DENO_KV_ACCESS_TOKEN: TOKEN,
    },
    kill,
    start,
    [Symbol.asyncDispose]: dispose,
  };
}

function spawn(args: readonly string[], address: string): Deno.ChildProcess {
  try {
    return new Deno.Command(Deno.env.get("DENOKV") || "denokv", {
      args: [...args, "--addr", address, "--access-token", TOKEN],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? new Error(MISSING) : error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}
