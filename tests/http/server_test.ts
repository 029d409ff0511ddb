import assert from "node:assert/strict";
import { Shutdown } from "../../lib/base/shutdown.ts";
import { Admission } from "../../lib/http/admission.ts";
import { serve, type ServerOptions, whyNot } from "../../lib/http/server.ts";
import { type Address, ListenError, type ListenFault } from "../../lib/runtime/runtime.ts";
import { FakeClock, RecordingLog, settled, watched } from "../support/fakes.ts";

const GRACE = 10_000;

/** A server on a runtime of the test's own; `calls` are the calls to it, in order. */
async function serving(options: Partial<ServerOptions> = {}, address: Address = { host: "::", port: 0 }) {
  const [clock, log, calls] = [new FakeClock(), new RecordingLog(), [] as string[]];
  const shutdown = new Shutdown(clock);
  const admission = new Admission();
  const listener = Promise.withResolvers<void>();
  let tellFault = (_: unknown) => {};
  const call = (name: string) => Promise.resolve(void calls.push(name));
  const code = watched(serve({
    runtime: {
      listen: ({ host }) => {
        calls.push("listen");
        return Promise.resolve({
          address: { host, port: 8080 },
          finished: listener.promise,
          shutdown: () => call("shutdown"),
        });
      },
      onFault: (listener) => tellFault = listener,
      tryToConnect: () => Promise.resolve("connected"),
    },
    app: { handle: () => assert.fail("nobody asks"), admission },
    onListening: () => call("start"),
    idle: () => call("idle").then(() => admission.idle()),
    close: () => call("close"),
    address,
    grace: GRACE,
    ...{ shutdown, clock, log },
    ...options,
  }));
  await settled();
  const events = () => log.entries.map(({ event }) => event);
  return {
    admission,
    calls,
    clock,
    code,
    events,
    listener,
    log,
    shutdown,
    tellFault: (e: unknown) => tellFault(e),
  };
}

Deno.test("a signal ends the service in order: no new work, then what is in flight, then the socket and the rest", async () => {
  const { admission, calls, clock, code, events, log, shutdown } = await serving();
  assert.deepEqual([calls, events()], [["listen", "start"], ["listening"]]);
  assert.equal(log.entries[0]!.fields["url"], "http://[::]:8080/");
  admission.enter();
  shutdown.request();
  await clock.advance(GRACE - 1);
  assert.deepEqual([shutdown.draining.aborted, shutdown.cut.aborted], [true, false]);
  assert.deepEqual(calls, ["listen", "start", "idle"]);
  admission.leave();
  await settled();
  assert.deepEqual([calls.slice(3), code.value], [["shutdown", "close"], 0]);
  assert.deepEqual(events(), ["listening", "draining", "stopped"]);
  assert.deepEqual(log.of("draining")[0]!.fields, { in_flight: 1, grace_ms: GRACE });
  assert.deepEqual(log.of("stopped")[0]!.fields, { unanswered: 0 });
});

Deno.test("what is in flight for longer than the grace is cut, and has a moment for its answer", async () => {
  const { admission, clock, code, log, shutdown } = await serving();
  admission.enter();
  shutdown.cut.addEventListener("abort", () => admission.leave());
  shutdown.request();
  await clock.advance(GRACE);
  assert.ok(shutdown.cut.aborted);
  assert.equal(code.value, 0);
  assert.deepEqual(log.of("stopped")[0]!.fields, { unanswered: 0 });
});

Deno.test("a second signal, but not one that comes with the first, ends the wait", async () => {
  const { admission, clock, code, shutdown } = await serving();
  admission.enter();
  shutdown.request();
  shutdown.request();
  await clock.advance(499);
  shutdown.request();
  assert.equal(shutdown.cut.aborted, false);
  await clock.advance(1);
  shutdown.request();
  assert.equal(shutdown.cut.aborted, true);
  await clock.advance(100);
  assert.equal(code.value, 0);
});

Deno.test("a signal during the start ends the service as soon as it listens", async () => {
  const shutdown = new Shutdown(new FakeClock());
  shutdown.request();
  const { calls, code } = await serving({ shutdown });
  assert.deepEqual([calls, code.value], [["listen", "start", "idle", "shutdown", "close"], 0]);
});

Deno.test("a listener that is lost is told, and what is in flight may finish before the service ends with 1", async (t) => {
  await t.step("the runtime tells so", async () => {
    const { admission, clock, code, events, listener, shutdown } = await serving();
    admission.enter();
    listener.resolve();
    await clock.advance(GRACE - 1);
    assert.deepEqual([shutdown.draining.aborted, shutdown.cut.aborted], [true, false]);
    admission.leave();
    await settled();
    assert.deepEqual([events(), code.value], [["listening", "listener_lost", "draining", "stopped"], 1]);
  });
  await t.step("nobody can connect any more", async () => {
    let looks = 0;
    const { clock, code, events } = await serving({
      runtime: {
        listen: ({ host, port }) =>
          Promise.resolve({
            address: { host, port },
            finished: new Promise(() => {}),
            shutdown: () => Promise.resolve(),
          }),
        onFault: () => {},
        tryToConnect: () => Promise.resolve(++looks < 4 ? "connected" : "refused"),
      },
    });
    await clock.advance(15_000);
    assert.deepEqual([events(), code.value], [["listening", "listener_lost", "draining", "stopped"], 1]);
  });
});

Deno.test("nothing that hangs or fails at the end keeps the service from ending within half a second of the grace", async (t) => {
  const rows: [what: string, options: Partial<ServerOptions>, ms: number][] = [
    ["a stalled store", { close: () => new Promise(() => {}) }, 250],
    ["a store that fails", { close: () => Promise.reject(new Error("s3cret")) }, 0],
    ["work that fails", { idle: () => Promise.reject(new Error("s3cret")) }, 0],
    ["work that never ends", { idle: () => new Promise(() => {}) }, GRACE + 100],
    ["both", { idle: () => new Promise(() => {}), close: () => new Promise(() => {}) }, GRACE + 350],
  ];
  for (const [what, options, ms] of rows) {
    await t.step(what, async () => {
      const { clock, code, log, shutdown } = await serving(options);
      shutdown.request();
      if (ms > 0) {
        await clock.advance(ms - 1);
        assert.equal(typeof code.value, "undefined");
      }
      await clock.advance(1);
      assert.equal(code.value, 0);
      assert.equal(log.entries.at(-1)!.event, "stopped");
      assert.ok(!JSON.stringify(log.entries).includes("s3cret"));
    });
  }
});

Deno.test("what nobody caught is told by its kind, and the service goes on", async () => {
  const { code, log, tellFault } = await serving();
  tellFault(new TypeError("s3cret"));
  await settled();
  assert.equal(typeof code.value, "undefined");
  const told = log.of("internal_error").map(({ level, fields }) => [level, fields["error"]]);
  assert.deepEqual(told, [["ERROR", "TypeError"]]);
  assert.ok(!JSON.stringify(log.entries).includes("s3cret"));
});

Deno.test("a process that cannot listen does not begin to send", async () => {
  const clock = new FakeClock();
  const serves = serve({
    runtime: {
      listen: () => Promise.reject(new ListenError("in_use")),
      onFault: () => {},
      tryToConnect: () => assert.fail("nothing listens"),
    },
    app: { handle: () => assert.fail("nobody asks"), admission: new Admission() },
    onListening: () => assert.fail("it begins"),
    idle: () => Promise.resolve(),
    close: () => Promise.resolve(),
    address: { host: "::", port: 0 },
    grace: GRACE,
    shutdown: new Shutdown(clock),
    clock,
    log: new RecordingLog(),
  });
  await assert.rejects(serves, { name: "ListenError", fault: "in_use" });
});

Deno.test("why an address cannot be had is told with what to do, and a certificate is not blamed without need", () => {
  const rows: [fault: ListenFault, words: RegExp][] = [
    ["in_use", /^PORT 80 is in use by another process: stop that one, or set PORT to a free port$/],
    ["not_available", /^HOST 'h\.example' is not an address of this machine: set HOST to one that is/],
    ["forbidden", /^PORT 80 may not be listened at by this user: set PORT to one from 1024 up$/],
    ["bad_certificate", /^TLS_CERT_FILE and TLS_KEY_FILE must hold/],
    ["unknown", /^HOST 'h\.example' and PORT 80 cannot be listened at: check both$/],
  ];
  assert.match(whyNot("forbidden", { host: "h.example", port: 8080 }), /see what forbids it/);
  const tls = { cert: "PEM", key: "PEM" };
  for (const [fault, words] of rows) {
    for (const address of [{ host: "h.example", port: 80 }, { host: "h.example", port: 80, tls }]) {
      assert.match(whyNot(fault, address), words);
    }
  }
});
