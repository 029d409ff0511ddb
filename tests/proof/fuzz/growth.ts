/** Bodies of which the size is doubled: the time for them must not grow with the square of it. */
import { Random } from "../crash/random.ts";
import { judge } from "../../../lib/platformx/verdict.ts";
import { ADDRESSES } from "./canaries.ts";
import type { Finding } from "./patterns.ts";
import { webhook } from "./requests.ts";
import { FuzzedService } from "./service.ts";

/** Bytes of the largest body, and of the largest answer of PlatformX's that is read. */
const BODY = 1_000_000;
const ANSWER = 64_000;

/** Milliseconds below which growth is not looked at: the noise of a busy machine. */
const NOISE = 40;

/** Times of what most bodies take: more is not what anybody would wait for, even where it grows with the length only. */
const OUTLIER = 300;

/** Milliseconds after which it is not tried again: it is too long anyway. */
const HOPELESS = 1_500;

/** From an eighth of the size to all of it a linear time grows eightfold, a square one sixty-fourfold. */
const STEPS = 8;
const SQUARE = 40;

type Make = (size: number) => Promise<unknown> | unknown;

interface Growth {
  readonly name: string;
  readonly make: Make;
  readonly ms: number;
  readonly growth: number;
}

/** Measures every row, and tells the three that take longest. What seems too long is measured again. */
export async function growths(): Promise<readonly Finding[]> {
  const measured: Growth[] = [];
  for (const [name, make] of rows()) measured.push(await measure(name, make));
  const usual = measured.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(measured.length / 2)]!;
  const isTooLong = ({ ms, growth }: Growth) => ms > NOISE && (growth > SQUARE || ms > OUTLIER * usual);
  const findings: Finding[] = [];
  for (const [i, row] of measured.sort((a, b) => b.ms - a.ms).entries()) {
    const isProblem = isTooLong(row) && isTooLong(await measure(row.name, row.make));
    if (i >= 3 && !isProblem) continue;
    const told = `${row.name}: ${row.ms.toFixed(0)} ms, ${
      row.growth.toFixed(1)
    } times of what an ${STEPS}th of it takes`;
    findings.push({ name: "growth", told, isProblem });
  }
  return findings;
}

async function measure(name: string, make: Make): Promise<Growth> {
  const size = name.startsWith("PlatformX") ? ANSWER : BODY;
  const small = await fastest(make, size / STEPS);
  const ms = await fastest(make, size);
  return { name, make, ms, growth: ms / Math.max(small, 0.001) };
}

async function fastest(make: Make, size: number): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const begun = performance.now();
    await make(Math.floor(size));
    least = Math.min(least, performance.now() - begun);
    if (least > HOPELESS) break;
  }
  return least;
}

const UNITS = [
  ...["a", " ", "@", "a@", "%40", "a ", "\\u00ad", "\\ud800", "pass", "otp ", "\\n", "…", "recipient_"],
];

function rows(): readonly (readonly [name: string, make: Make])[] {
  const service = new FuzzedService();
  const steady = new Random(1);
  let number = 0;
  const send = async (payload: string) => {
    const body = `{"msg_id":"m-${number++}","payload":{"notification_name":"Workspace Created",${payload}}}`;
    const answer = await service.handle(webhook(new TextEncoder().encode(body), QUIET(steady)));
    service.lines = [];
    service.upstream.sent.length = 0;
    await answer.body?.cancel();
  };
  const owner = `"data":{"owner":{"email":"${ADDRESSES.person}"}}`;
  const many = (size: number, member: (i: number) => string) =>
    Array.from({ length: Math.floor(size / 14) }, (_, i) => member(i)).join();
  const times = (unit: string, size: number) => unit.repeat(Math.floor(size / unit.length));
  return [
    ...UNITS.flatMap((unit) =>
      [
        [`a label's value of '${unit}'`, (size: number) =>
          send(`${owner},"labels":{"workspace":"${times(unit, size)}"}`)],
        [`a label's name of '${unit}'`, (size: number) =>
          send(`${owner},"labels":{"${times(unit, size)}":"x"}`)],
        [`a name of '${unit}'`, (size: number) =>
          send(`"notification_name":"${times(unit, size)}"`)],
        [`a workspace of '${unit}'`, (size: number) =>
          send(`"data":{"workspace":{"name":"${times(unit, size)}"}}`)],
        [
          `a label beside a recipient of '${unit}'`,
          (size: number) =>
            send(
              `${owner},"user_email":"b${times(unit, 900)}","labels":{"workspace":"${times(unit, size)}"}`,
            ),
        ],
        [`PlatformX's words of '${unit}'`, (size: number) =>
          answered(times(unit, size))],
        [`PlatformX's words of '${unit}' and one more`, (size: number) =>
          answered(`${times(unit, size / 4.1)} b`)],
      ] as const
    ),
    ["labels", (size) => send(`${owner},"labels":{${many(size, (i) => `"l${i}":"x"`)}}`)],
    ["labels of a wrong type", (size) => send(`${owner},"labels":{${many(size, (i) => `"l${i}":1`)}}`)],
    ["equal labels", (size) => send(`${owner},"labels":{${many(size, () => `"l":"x"`)}}`)],
    ["empty labels", (size) => send(`${owner},"labels":{${many(size, (i) => `"l${i}":""`)}}`)],
    ["targets", (size) => send(`${owner},"targets":[${many(size, () => `"12345678"`)}]`)],
    ["targets of a wrong type", (size) => send(`${owner},"targets":[${many(size, () => `1`)}]`)],
    ["data", (size) => send(`"data":{${many(size, (i) => `"d${i}":[1]`)}}`)],
    ["deep data", (size) => send(`"data":{"a":${times("[", size / 2)}1${times("]", size / 2)}}`)],
    ["numbers", (size) => send(`"data":{"a":${times("1", size)}}`)],
    [
      "PlatformX's nested answer",
      (size) => judged(`{"error":${times("[", size / 2)}${times("]", size / 2)}}`),
    ],
  ];
}

/** A head in order, and the body as a whole. */
const QUIET = (random: Random) => Object.assign(Object.create(random), { next: () => 0.5 }) as Random;

function answered(words: string): void {
  judged(`{"ok":false,"error":"${words}"}`);
}

function judged(body: string): void {
  judge({ kind: "response", status: 422, body }, ["canary-key", ADDRESSES.person], [
    "Workspace Created",
    "a",
  ]);
}
