/** A redirect in front of the service, and a client like Coder's: Go's net/http. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { type Program, startProgram } from "../support/service.ts";
import { startCoder } from "./coder.ts";

const SECRET = "p@ss/w0rd";

/** Where a redirect leads: back to the same host, by path alone or in full, or to the service's own address. */
const LOCATIONS = ["relative", "absolute", "other host"] as const;

const LOST = [421, "redirected"] as const;
const STRIPPED = [401, "unauthorized"] as const;
const TAKEN = [200, undefined] as const;

/** A proxy that redirects `/CODE/LOCATION`, and passes everything else on. */
function startProxy(service: Program) {
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    const { pathname } = new URL(request.url);
    const [, status, kind] = /^\/(\d{3})\/(\d)$/.exec(pathname) ?? [];
    if (status !== undefined) {
      const location = [
        "/",
        `http://127.0.0.1:${server.addr.port}/`,
        service.url.replace("127.0.0.1", "localhost"),
      ];
      return new Response(null, { status: Number(status), headers: { location: location[Number(kind)]! } });
    }
    const body = await request.bytes();
    const { headers, method } = request;
    return await fetch(new URL(pathname, service.url), {
      method,
      headers,
      ...(body.length > 0 ? { body } : {}),
    });
  });
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

for (const secret of [undefined, SECRET]) {
  const name = `${secret === undefined ? "without" : "with"} a secret`;
  Deno.test(`no webhook that a redirect lost or stripped of its secret counts as delivered, ${name}`, async (t) => {
    await using platformX = await startPlatformX();
    const settings = { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY };
    const environment = secret === undefined ? settings : { ...settings, WEBHOOK_SECRET: secret };
    await using service = await startProgram({ environment });
    await using proxy = startProxy(service);
    const userinfo = secret === undefined ? "" : `coder:${encodeURIComponent(secret)}@`;
    const lines = () => service.entries.filter(({ event }) => event === "webhook");

    /** Sends one webhook to a path: what Coder was told, and what the service's log and PlatformX have of it. */
    const send = async (path: string) => {
      const [events, before] = [platformX.events.length, lines().length];
      await using coder = await startCoder(`http://${userinfo}127.0.0.1:${proxy.port}${path}`);
      const told = await coder.send(notificationWith({ labels: { workspace: path } }, `m-${before}`));
      const line = await eventually(() => lines().at(before), "the webhook's line in the log");
      return { ...told, reason: line?.["reason"], events: platformX.events.length - events };
    };

    assert.deepEqual((await send("/")).status, 200);
    for (const code of [301, 302, 303, 307, 308]) {
      for (const [kind, location] of LOCATIONS.entries()) {
        // Go gives the address's user and password to a relative target only.
        const isStripped = secret !== undefined && location !== "relative";
        const [status, reason] = code < 307 ? LOST : isStripped ? STRIPPED : TAKEN;
        await t.step(`${code}, ${location}: ${status}`, async () => {
          const { logged, ...told } = await send(`/${code}/${kind}`);
          const isTaken = status === 200;
          assert.deepEqual(told, { status, reason, delivered: isTaken, events: isTaken ? 1 : 0 });
          if (status === 421) {
            assert.match(logged, /A redirect turned this webhook into a GET.*final address/);
          }
        });
      }
    }
  });
}
