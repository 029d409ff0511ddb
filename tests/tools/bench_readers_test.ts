/** What the benchmarks read: reports of tools, files of the kernel, answers over HTTP; and what they count. */
import assert from "node:assert/strict";
import { fileSystemOf } from "../../tools/bench/file_system.ts";
import { parseUsage } from "../../tools/bench/load/usage.ts";
import { wrongCount } from "../../tools/bench/load/count.ts";
import {
  bodyOf,
  MESSAGE_PREFIX,
  PLACEHOLDER,
  requestTemplate,
  SECRET,
  serialOf,
} from "../../tools/bench/load/webhooks.ts";
import { parseWrk } from "../../tools/bench/load/wrk_output.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import { attribute } from "../../lib/coder/attribution.ts";
import { buildEvent } from "../../lib/platformx/event.ts";
import { identityOf } from "../../lib/coder/occurrence.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { parsed } from "../support/fakes.ts";

const WRK = `Running 3s test @ http://127.0.0.1:40221/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.29ms    1.77ms  35.60ms   88.51%
  25071 requests in 3.00s, 3.89MB read
Requests/sec:   8357.00
`;

Deno.test("wrk's result is the line of JSON that its script writes", () => {
  const line =
    '{"requests":1010,"microseconds":2000000,"bad_status":10,"broken":2,"timeouts":1,"p50":3300,"p99":11800,"most":40123}';
  assert.deepEqual(parseWrk(`${WRK}${line}\n`), {
    accepted: 1000,
    rejected: 10,
    broken: 3,
    seconds: 2,
    p50: 3.3,
    p99: 11.8,
    most: 40.123,
  });
});

Deno.test("a report of wrk without a result is an error that shows the report", () => {
  assert.throws(() => parseWrk(WRK), /25071 requests in 3.00s/);
});

Deno.test("a result of wrk that lacks a number or has a negative one is an error", async (t) => {
  const good = {
    requests: 1,
    microseconds: 1,
    bad_status: 0,
    broken: 0,
    timeouts: 0,
    p50: 1,
    p99: 1,
    most: 1,
  };
  parseWrk(JSON.stringify(good));
  for (
    const wrong of [{ requests: -1 }, { requests: 0.5 }, { p99: null }, { most: undefined }, { more: 1 }]
  ) {
    const line = JSON.stringify({ ...good, ...wrong });
    await t.step(line, () => assert.throws(() => parseWrk(line)));
  }
});

Deno.test("a process's usage is read from the kernel's files, whatever the program's name", () => {
  const status = "Name:\tdeno\nVmPeak:\t  999999 kB\nVmHWM:\t  200000 kB\nVmRSS:\t  100000 kB\n";
  const stat = "4711 (a) b (c) S 1 4711 4711 0 -1 4194304 9 9 9 9 250 50 7 7 20 0 11 0 100 1000 200";
  assert.deepEqual(parseUsage(status, stat), { memory: 102.4, memoryPeak: 204.8, processor: 3000 });
});

Deno.test("a path is on the file system of its nearest mount, the latest of one place", async (t) => {
  const mounts = [
    ...["/dev/vda / ext4 rw 0 0", "tmpfs /tmp tmpfs rw 0 0", "/dev/vdb /tmp/disk xfs rw 0 0"],
    ...["/dev/vdc /data ext4 rw 0 0", "tmpfs /data tmpfs rw 0 0", ""],
  ].join("\n");
  const rows = {
    "/home/x": "ext4",
    "/tmp": "tmpfs",
    "/tmp/a": "tmpfs",
    "/tmp/disk/a": "xfs",
    "/tmpfoo": "ext4",
    "/data/a": "tmpfs",
  };
  for (const [path, expected] of Object.entries(rows)) {
    await t.step(path, () => assert.equal(fileSystemOf(path, mounts), expected));
  }
  assert.equal(fileSystemOf("/home", ""), "unknown");
});

Deno.test("a count is wrong when an accepted webhook is no event, or an event comes from nowhere", async (t) => {
  const good = { accepted: 100, events: 100, pending: 0, failed: 0, repeated: 0 };
  const rows: [run: Parameters<typeof wrongCount>[0], expected: RegExp | undefined][] = [
    [good, undefined],
    [{ ...good, events: 104 }, undefined], // cut off when the load ended: two connections, in warm-up and measurement
    [{ ...good, events: 105 }, /105 events of 100/],
    [{ ...good, events: 99 }, /1 of 100 .* are no event/],
    [{ ...good, events: 60, pending: 40 }, undefined],
    [{ ...good, events: 60, pending: 39 }, /1 of 100/],
    [{ ...good, repeated: 2 }, /2 events came more than once/],
    [{ ...good, failed: 3 }, /3 webhooks were not answered 2xx/],
  ];
  for (const [run, expected] of rows) {
    await t.step(JSON.stringify(run), () => {
      const wrong = wrongCount(run, 2);
      if (expected === undefined) assert.equal(wrong, undefined);
      else assert.match(wrong ?? "", expected);
    });
  }
});

Deno.test("a webhook that nobody asked for brings no event", () => {
  const run = { accepted: 100, events: 0, pending: 0, failed: 0, repeated: 0 };
  assert.equal(wrongCount(run, 2, false), undefined);
  assert.match(
    wrongCount({ ...run, events: 1 }, 2, false) ?? "",
    /1 events of webhooks that nobody asked for/,
  );
});

Deno.test("every webhook of the load is a happening of its own that is tracked by default", () => {
  const { tracking } = parseTracking("Workspace Created");
  const of = (serial: string) => {
    const notification = parsed(JSON.parse(bodyOf(serial)));
    const attributed = attribute(notification, { tracking, domains: undefined });
    assert.ok(attributed.kind === "attributed");
    const first = { messageId: notification.messageId, arrivedAt: 0 };
    const { event } = buildEvent(attributed, { first, testData: false });
    return { identity: identityOf(attributed), event };
  };
  const [one, other] = [of(serialOf(1, 0, 1)), of(serialOf(1, 0, 2))];
  assert.notEqual(one.identity, other.identity);
  assert.equal(one.event.metadata["coder_message_id"], `${MESSAGE_PREFIX}000100000001`);
});

Deno.test("serials have one length up to their limits, and no two are the same", () => {
  const serials = [
    serialOf(0, 0, 0),
    serialOf(65_535, 255, 16_777_215),
    serialOf(0, 1, 0),
    serialOf(1, 0, 0),
  ];
  assert.deepEqual(serials.map((serial) => serial.length), serials.map(() => PLACEHOLDER.length));
  assert.equal(new Set(serials).size, serials.length);
});

Deno.test("a request declares the length of its body and holds the secret that the service is given", () => {
  const [head = "", body = ""] = requestTemplate("host").split("\r\n\r\n");
  assert.equal(Number(/^Content-Length: (\d+)\r?$/m.exec(head)?.[1]), new TextEncoder().encode(body).length);
  const authorization = /^Authorization: ([^\r]*)/m.exec(head)?.[1] ?? "";
  assert.ok(new Authenticator([SECRET]).accepts(authorization));
  assert.equal(bodyOf("000000000001").includes(PLACEHOLDER), false);
  assert.equal(bodyOf("000000000001").length, body.length);
});
