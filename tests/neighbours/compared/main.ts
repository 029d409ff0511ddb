/**
 * Does the same to each candidate, and prints a table: `deno run -q --no-prompt -P=tests
 * tests/neighbours/compared/main.ts [WORD…]` as root, after `install.sh`. A stand-in for PlatformX and a client like Coder's are
 * at the ends; Coder's repetitions, five minutes apart, follow at once here.
 */
import { eventually } from "../../support/eventually.ts";
import { type StandIn, startPlatformX } from "../../support/platformx.ts";
import { openFolder, run } from "../../support/process.ts";
import { RECIPIENTS } from "../../support/samples.ts";
import { type Coder, type Dispatched, startCoder } from "../coder.ts";
import { webhookAbout } from "../front_scene.ts";
import { type Candidate, CANDIDATES, placeFor, type Setting, startCandidate } from "./candidates.ts";

/** How often Coder sends a webhook that nobody took. */
const ATTEMPTS = 5;

/** All that a trial can use. */
interface Scene {
  readonly platformX: StandIn;
  readonly coder: Coder;
  readonly setting: Setting;
  readonly candidate: Candidate;
  /** Kills it and starts it again. */
  restart(): Promise<void>;
  /** Events about a person. */
  about(name: string): number;
}

/** Sends as Coder does until it takes the webhook for delivered; returns how often it sent. */
async function persist(
  coder: Coder,
  webhook: unknown,
): Promise<{ readonly sent: number; readonly last: Dispatched }> {
  for (let sent = 1;; sent++) {
    const last = await coder.send(webhook);
    if (last.delivered || sent === ATTEMPTS) return { sent, last };
  }
}

/** What Coder is given as endpoint. */
function endpointOf({ path }: Candidate, { port, secret }: Setting): string {
  return `http://coder:${secret}@127.0.0.1:${port}/${path}`;
}

/** Waits for what goes on after the answer. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 3_000));

const told = ({ sent, last }: { readonly sent: number; readonly last: Dispatched }) =>
  last.delivered ? `delivered at attempt ${sent}` : `failed ${sent} times, last ${last.status}`;

const TRIALS: Readonly<Record<string, (scene: Scene) => Promise<string>>> = {
  async "no secret in the address"({ setting, candidate }) {
    await using stranger = await startCoder(endpointOf(candidate, { ...setting, secret: "" }));
    return String((await stranger.send(webhookAbout("stranger"))).status);
  },
  async "three administrators' copies"({ coder, about }) {
    const webhook = webhookAbout("copies");
    for (const recipient of RECIPIENTS) {
      const payload = { ...webhook.payload, ...recipient };
      await coder.send({ ...webhook, msg_id: crypto.randomUUID(), payload });
    }
    await settle();
    return `${about("copies")} events`;
  },
  async "Coder sends the same message twice"({ coder, about }) {
    const webhook = webhookAbout("again");
    await coder.send(webhook);
    await coder.send(webhook);
    await settle();
    return `${about("again")} events`;
  },
  async "PlatformX takes it, and its answer is lost"({ coder, about, platformX }) {
    platformX.misbehave({ kind: "closed" });
    const result = await persist(coder, webhookAbout("lost"));
    await settle();
    return `${about("lost")} events; ${told(result)}`;
  },
  async "PlatformX says ok:false with 200"({ coder, platformX }) {
    const from = platformX.requests;
    platformX.misbehave(
      { kind: "answer", status: 200, body: '{"ok":false,"error":"no_such_user"}' },
      Infinity,
    );
    const result = await persist(coder, webhookAbout("refused"));
    await settle();
    platformX.behave();
    return `${told(result)}; ${platformX.requests - from} calls`;
  },
  async "PlatformX answers 503 for a while"({ coder, about, platformX }) {
    platformX.misbehave({ kind: "answer", status: 503 }, 2);
    const result = await persist(coder, webhookAbout("away"));
    await eventually(() => about("away") > 0 || !result.last.delivered, "the event", { patience: 30_000 })
      .catch(() => {});
    return `${about("away")} events; ${told(result)}`;
  },
  async "killed while it sends, then started"({ coder, about, platformX, restart }) {
    platformX.misbehave({ kind: "silent" });
    const from = platformX.requests;
    const webhook = webhookAbout("killed");
    const sending = coder.send(webhook);
    await eventually(() => platformX.requests > from, "the attempt");
    await restart();
    const first = await sending;
    // What was accepted before must not need Coder any more; an outbox' lease is 30 s.
    const result = first.delivered ? { sent: 1, last: first } : await persist(coder, webhook);
    await eventually(() => about("killed") > 0, "the event", { patience: 45_000 }).catch(() => {});
    return `${about("killed")} events; ${first.delivered ? "delivered at once" : "sent again by Coder"}, ${
      told(result)
    }`;
  },
  async "a copy after a restart"({ coder, about, restart }) {
    const webhook = webhookAbout("late");
    await coder.send(webhook);
    await eventually(() => about("late") > 0, "the event");
    await restart();
    const payload = { ...webhook.payload, ...RECIPIENTS[1] };
    await persist(coder, { ...webhook, msg_id: crypto.randomUUID(), payload });
    await settle();
    return `${about("late")} events`;
  },
  async "webhooks a second, 20 at a time"({ setting, platformX, candidate }) {
    const many = 400;
    const left = Array.from({ length: many }, (_, nth) => webhookAbout(`fast${nth}`));
    const start = performance.now();
    await Promise.all(Array.from({ length: 20 }, async () => {
      for (let webhook; (webhook = left.pop()) !== undefined;) {
        const headers = {
          "content-type": "application/json",
          authorization: `Basic ${btoa(`coder:${setting.secret}`)}`,
        };
        const answer = await fetch(`http://127.0.0.1:${setting.port}/${candidate.path}`, {
          method: "POST",
          headers,
          body: JSON.stringify(webhook),
        });
        await answer.body?.cancel();
      }
    }));
    const seconds = (performance.now() - start) / 1_000;
    return `${Math.round(many / seconds)}; ${
      platformX.events.filter(({ email }) => email.startsWith("fast")).length
    } events by then`;
  },
};

/** What stands in its output or its files, of what should not: by the words for it. */
async function traces(output: string, { folder, key, secret }: Setting): Promise<string> {
  const words = { "the key": key, "the webhook's secret": secret, "addresses": "again@example.com" };
  const found: string[] = [];
  for (const [name, word] of Object.entries(words)) {
    const forms = [word, btoa(`coder:${word}`)].flatMap((form) => ["-e", form]);
    const { code } = await run(["grep", "-rqF", "--exclude-dir=node_modules", ...forms, folder]);
    if (code === 0) found.push(`${name} on disk`);
    if (output.includes(word) || output.includes(btoa(`coder:${word}`))) found.push(`${name} in the log`);
  }
  return found.join(", ") || "none of them";
}

/** Kilobytes of memory of a process and its children. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await run(["ps", "-o", "rss=", "--pid", String(pid), "--ppid", String(pid)]);
  return stdout.trim().split(/\s+/).reduce((sum, kilobytes) => sum + Number(kilobytes), 0);
}

/** All trials with one candidate. */
async function tryOut(candidate: Candidate): Promise<readonly (readonly [trial: string, result: string])[]> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await openFolder());
  const platformX = stack.use(
    await startPlatformX({ key: placeFor("", "").key, requestsPerMinute: 1_000_000 }),
  );
  const setting = placeFor(folder, platformX.url);
  await candidate.prepare?.(setting, stack);
  const from = performance.now();
  let child = await startCandidate(candidate, setting);
  const started = Math.round(performance.now() - from);
  stack.defer(() => child[Symbol.asyncDispose]());
  const coder = stack.use(await startCoder(endpointOf(candidate, setting)));
  let output = "";
  const scene: Scene = {
    ...{ platformX, coder, setting, candidate },
    about: (name) => platformX.events.filter(({ email }) => email === `${name}@example.com`).length,
    restart: async () => {
      await child[Symbol.asyncDispose]();
      output += child.told;
      child = await startCandidate(candidate, setting);
    },
  };
  const results: [string, string][] = [];
  for (const [name, trial] of Object.entries(TRIALS)) {
    results.push([name, await trial(scene)]);
    platformX.behave();
    await settle();
  }
  await candidate.dump?.(setting);
  const memory = await memoryOf(child.pid);
  output += child.told;
  await Deno.writeTextFile(`build/neighbours/${candidate.name.replace(/\W+/g, "_")}.log`, output);
  return [
    ...results,
    ["key, secret, addresses left behind", await traces(output, setting)],
    ["listens after (ms); memory then (MB)", `${started}; ${Math.round(memory / 1024)}`],
  ];
}

const words = Deno.args.length === 0 ? Object.keys(CANDIDATES) : Deno.args;
const columns: (readonly (readonly [string, string])[])[] = [];
for (const word of words) {
  const candidate = CANDIDATES[word];
  if (candidate === undefined) throw new Error(`no candidate is called '${word}'`);
  columns.push(await tryOut(candidate));
}
console.log(`| | ${words.map((word) => CANDIDATES[word]!.name).join(" | ")} |`);
console.log(`| --- |${words.map(() => " --- |").join("")}`);
for (const [row, [name]] of columns[0]!.entries()) {
  console.log(`| ${name} | ${columns.map((column) => column[row]![1]).join(" | ")} |`);
}
