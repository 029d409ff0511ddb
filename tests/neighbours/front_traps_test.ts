/**
 * Settings of servers in front that lose a webhook in silence, double one, or turn all away, as `deploy/proxy/README.md`
 * names them: what each does, and that the address's test finds those that lose.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { fileOf } from "../support/files.ts";
import { PlainSocket } from "../support/socket.ts";
import type { Changes, Program } from "./front.ts";
import { openScene, type Scene, SECRET, webhookAbout } from "./front_scene.ts";

/** What the address answers to a POST without the secret, and whether that is the service's 401. */
async function testOfAddress({ front }: Scene, path: string): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(front.caFile)] });
  const answer = await fetch(front.url + path, { client, method: "POST", redirect: "manual" });
  const text = await answer.text();
  return answer.status === 401 && JSON.parse(text).reason === "unauthorized" ? "passed" : `${answer.status}`;
}

const ROOT = "location = / {\n\t\tproxy_pass http://127.0.0.1:8080;";
const KNOWN = "@known {\n\t\tmethod GET HEAD POST\n\t\tpath /\n\t}\n\thandle @known {";
const OTHERS = "\thandle {\n\t\trespond 404\n\t}\n";

/** Settings by which a webhook does not get to the service as it was sent. */
const ASTRAY: readonly {
  readonly program: Program;
  /** As the README has it. */
  readonly setting: string;
  readonly changes: Changes;
  readonly path: string;
  /** What Coder makes of the answer. */
  readonly coder: { readonly delivered: boolean; readonly status: number };
  /** What the test of the address finds. */
  readonly test: string;
}[] = [
  {
    program: "nginx",
    setting: "location /relay/ { proxy_pass …; }",
    changes: [[ROOT, "location /relay/ {\n\t\tproxy_pass http://127.0.0.1:8080/;"]],
    path: "relay",
    coder: { delivered: false, status: 421 },
    test: "301",
  },
  {
    program: "nginx",
    setting: "location = /relay/ { proxy_pass …; }",
    changes: [[ROOT, "location = /relay/ {\n\t\tproxy_pass http://127.0.0.1:8080/;"]],
    path: "relay",
    coder: { delivered: false, status: 421 },
    test: "301",
  },
  {
    program: "haproxy",
    setting: "http-request redirect",
    changes: [[
      "\thttp-request deny deny_status 404",
      "\thttp-request redirect location / if { path /old }\n$&",
    ]],
    path: "old",
    coder: { delivered: false, status: 421 },
    test: "302",
  },
  {
    program: "nginx",
    setting: "return 308",
    changes: [[ROOT, `location = /old { return 308 https://$http_host/; }\n\t${ROOT}`]],
    path: "old",
    coder: { delivered: false, status: 401 },
    test: "308",
  },
  {
    program: "caddy",
    setting: "handle_path /relay/*",
    changes: [[KNOWN, "handle_path /relay/* {"], [OTHERS, ""]],
    path: "relay",
    coder: { delivered: true, status: 200 },
    test: "200",
  },
  {
    program: "haproxy",
    setting: "option httpchk",
    changes: [["\thttp-check send meth GET uri /\n\thttp-check expect status 200\n", ""]],
    path: "",
    coder: { delivered: false, status: 503 },
    test: "503",
  },
];

for (const { program, setting, changes, path, coder, test } of ASTRAY) {
  const { delivered, status } = coder;
  Deno.test(`${program}, ${setting}: no event, to Coder it is ${status}, and the test of the address says ${test}`, async () => {
    await using scene = await openScene(program, {
      path,
      changes: changes.map(([from, to]) => [from, to.replace("$&", from.trim())]),
    });
    const found = () => testOfAddress(scene, path);
    await eventually(found, `${test} from ${program}`, { until: (answer) => answer === test });
    const sent = await scene.coder.send(webhookAbout("alice"));
    assert.deepEqual(scene.platformX.events, []);
    assert.deepEqual([sent.delivered, sent.status], [delivered, status], sent.logged);
  });
}

/** Settings by which a webhook goes to a second instance while the first still sends it. */
const TWICE: readonly { readonly program: Program; readonly setting: string; readonly changes: Changes }[] = [
  {
    program: "nginx",
    setting: "proxy_next_upstream … non_idempotent",
    changes: [
      ["server {\n", "upstream both {\n\tserver 127.0.0.1:8080;\n\tserver OTHER;\n}\nserver {\n"],
      ["proxy_pass http://127.0.0.1:8080", "proxy_pass http://both"],
      ["proxy_read_timeout 60s", "proxy_read_timeout 1s"],
      ["proxy_next_upstream off", "proxy_next_upstream error timeout non_idempotent"],
    ],
  },
  {
    program: "haproxy",
    setting: "retry-on all-retryable-errors",
    changes: [
      ["timeout server 60s", "timeout server 1s\n\toption redispatch 1"],
      ["retry-on conn-failure", "retry-on all-retryable-errors"],
      ["check inter 5s", "check inter 5s\n\tserver other OTHER check inter 100ms"],
    ],
  },
];

for (const { program, setting, changes } of TWICE) {
  Deno.test(`${program}, ${setting}: one webhook is two events`, async () => {
    await using scene = await openScene(program, { changes });
    scene.platformX.misbehave({ kind: "late", ms: 4_000 });
    await scene.coder.send(webhookAbout("alice"));
    const events = () => scene.platformX.events.length === 2;
    await eventually(events, "the second event");
  });
}

Deno.test("Caddy, read_body below 15 s: a body that stops is answered 200 with nothing", async () => {
  await using scene = await openScene("caddy", {
    changes: [["read_header 10s", "read_header 1s"], ["read_body 30s", "read_body 2s"]],
  });
  const { port, caFile } = scene.front;
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${btoa(`:${SECRET}`)}\r\n`;
  const begun = `${head}Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"msg_id": `;
  using socket = await PlainSocket.open(port, begun, [await Deno.readTextFile(caFile)]);
  assert.match(await socket.receive(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\nContent-Length: 0\r\n/);
  assert.deepEqual(scene.platformX.events, []);
});

Deno.test("the README names each of these settings", async () => {
  const text = await Deno.readTextFile(fileOf("deploy/proxy/README.md"));
  for (const { setting } of [...ASTRAY, ...TWICE]) assert.ok(text.includes(setting), setting);
});
