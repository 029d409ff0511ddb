/** A real KV Connect server, `denokv`, with TLS in front of it: the service takes https addresses only. */
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { issueCertificate } from "../../support/certificates.ts";
import { Child, freePort, needs, untilListening } from "../../support/process.ts";

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

const DENOKV = Deno.env.get("DENOKV") || "denokv";

const REMEDY =
  "let DENOKV name it, or put it on PATH: 'cargo install denokv --version 0.14.0 --locked' makes it " +
  "(with Debian's protobuf-compiler; it takes some minutes)";

/** Starts a server on an empty database. */
export async function startKvServer(): Promise<KvServer> {
  const folder = await Deno.makeTempDir();
  const issued = await issueCertificate(folder, ["IP:127.0.0.1"]);
  const port = freePort();
  await needs(DENOKV, REMEDY);
  const tls = createServer({ cert: issued.cert, key: issued.key }, (caller) => {
    const target = connect(port, "127.0.0.1").on("error", () => caller.destroy());
    caller.on("error", () => target.destroy()).pipe(target).pipe(caller);
  });
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");
  const { port: tlsPort } = tls.address() as AddressInfo;
  let child: Child | undefined;

  const start = async () => {
    const options = ["serve", "--addr", `127.0.0.1:${port}`, "--access-token", TOKEN];
    child = new Child([DENOKV, "--sqlite-path", `${folder}/kv.sqlite`, ...options], {
      stdout: "null",
      stderr: "null",
    });
    await untilListening(port, "denokv", child);
  };
  const kill = async () => {
    await child?.[Symbol.asyncDispose]();
    child = undefined;
  };
  const dispose = async () => {
    await kill();
    tls.close();
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
      OUTBOX: `https://127.0.0.1:${tlsPort}`,
      DENO_CERT: issued.caFile,
      DENO_KV_ACCESS_TOKEN: TOKEN,
    },
    kill,
    start,
    [Symbol.asyncDispose]: dispose,
  };
}
