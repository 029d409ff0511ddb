/** The documents say what the code does: README, `.env.sample`, CHANGELOG, LICENSE. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { whose } from "../../lib/cli/events.ts";
import { attribute } from "../../lib/coder/attribution.ts";
import { METADATA_LIMIT } from "../../lib/platformx/budget.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { COMMAND_NAMES } from "../../lib/cli/arguments.ts";
import { parseDotenv } from "../../lib/config/dotenv.ts";
import { buildEvent } from "../../lib/platformx/event.ts";
import { answerTo, type Outcome, REASONS_OF, STATUS_NAMES } from "../../lib/delivery/outcome.ts";
import { DEFAULT_EVENTS_TRACKED, parseTracking } from "../../lib/coder/tracking.ts";
import { KNOWN_NAMES, type Variable, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { linkProblems } from "../recipes/table.ts";
import { parsed } from "../support/fakes.ts";
import { exists, read } from "../support/files.ts";
import { type Environment, parsedEnvironment, textsOf } from "../support/settings.ts";
import { all, tableOf } from "./markdown.ts";

const README = read("README.md");
const SAMPLE = read(".env.sample");

/** The settings of a `.env`. */
function parse(text: string): Environment {
  return Object.fromEntries(
    parseDotenv(text).map((line) =>
      line.kind === "setting" ? [line.name, line.value] : assert.fail(`line ${line.line} is ${line.kind}`)
    ),
  );
}

function isRequired({ name }: Variable): boolean {
  const result = parsedEnvironment({});
  return "problems" in result &&
    textsOf(result.problems).some((problem) => problem.startsWith(`${name} must be set`));
}

Deno.test("README's table of variables has each variable's name, default and meaning, in order", async (t) => {
  const defaultOf = (row: Variable) => {
    if (row.name === "EVENTS_TRACKED") {
      return `the ${DEFAULT_EVENTS_TRACKED.length} marked in [Events](#events)`;
    }
    return row.fallback === undefined ? isRequired(row) ? "required" : "unset" : `\`${row.fallback}\``;
  };
  const rows = tableOf(README, "Variable");
  assert.deepEqual(
    rows.map(([name, fallback]) => [name, fallback]),
    VARIABLE_ROWS.map((row) => [row.file ? `\`${row.name}\`, \`_FILE\`` : `\`${row.name}\``, defaultOf(row)]),
  );
  for (const [i, { name, about }] of VARIABLE_ROWS.entries()) {
    await t.step(name, () => assert.equal(rows[i]![2]!.slice(0, about.length), about));
  }
});

Deno.test("README's table of events is the catalogue, in order", () => {
  assert.deepEqual(
    tableOf(README, "Notification"),
    CATALOGUE.map((row) => [
      row.name,
      whose(row),
      row.offByDefault ? "yes" : "",
      DEFAULT_EVENTS_TRACKED.includes(row.name) ? "yes" : "",
      row.note,
    ]),
  );
});

/** Every outcome that there is, in the documents' order. */
const OUTCOMES = STATUS_NAMES.flatMap((status) =>
  REASONS_OF[status].map((reason) =>
    ({
      status,
      ...(reason === "" ? {} : { reason }),
      words: "",
      retryAfterMs: 0,
      attempts: 0,
    }) as Outcome
  )
);

Deno.test("README's table of answers has every status and reason with its HTTP code", () => {
  const code = (text: string | undefined) => text === undefined ? "" : `\`${text}\``;
  assert.deepEqual(
    tableOf(README, "Status").map(([status, reason, http]) => [status, reason, http]),
    OUTCOMES.map((outcome) => [
      code(outcome.status),
      code("reason" in outcome ? outcome.reason : undefined),
      String(answerTo(outcome).status),
    ]),
  );
});

Deno.test(".env.sample has each variable once, in order, with its meaning and its default", () => {
  const [, ...blocks] = SAMPLE.trimEnd().split("\n\n");
  assert.deepEqual(
    blocks,
    VARIABLE_ROWS.map(({ name, about, fallback = "", file }) =>
      [`# ${about}`, ...file ? [`# (or ${name}_FILE: a file to read it from)`] : [], `#${name}=${fallback}`]
        .join("\n")
    ),
  );
});

Deno.test(".env.sample sets nothing, and uncommented it sets the defaults", () => {
  assert.deepEqual(parse(SAMPLE), {});
  const uncommented = parse(SAMPLE.replace(/^#(?=[A-Z])/gm, ""));
  assert.deepEqual(Object.keys(uncommented), VARIABLE_ROWS.map(({ name }) => name));
  // A secret has no default, nor has what must not be empty: the operator fills it in.
  const secrets = {
    ...Object.fromEntries(
      VARIABLE_ROWS.filter(({ secret }) => secret).map(({ name }) => [name, "filled-in"]),
    ),
    EMAIL_DOMAINS: "example.com",
    OUTBOX: "/data/outbox.db",
    CODER_URL: "https://coder.example.com",
  };
  const plain = parsedEnvironment(secrets);
  assert.ok("config" in plain);
  assert.deepEqual(parsedEnvironment({ ...uncommented, ...secrets }), {
    ...plain,
    config: { ...plain.config, events: { ...plain.config.events, isDefault: false } },
  });
});

Deno.test(".env.sample's advice holds: a value with a # after a blank must be quoted", () => {
  const [example] = all(SAMPLE, /must be quoted: (.+)$/gm);
  assert.ok(example !== undefined);
  assert.deepEqual(parse(example), { WEBHOOK_SECRET: "a #b" });
  assert.deepEqual(parse(example.replaceAll('"', "")), { WEBHOOK_SECRET: "a" });
});

Deno.test("README shows the two commands, and tasks that exist", async (t) => {
  for (const command of ["npx -y deno@2.9.6 task demo", "npx -y deno@2.9.6 task test"]) {
    await t.step(command, () => assert.ok(README.includes(`\n${command} `)));
  }
  for (const task of new Set(all(README, /(?:deno@[\d.]+ |`)task ([a-z]+)/g))) {
    await t.step(`task ${task}`, () => assert.ok(task in manifest.tasks, "deno.json has no such task"));
  }
});

Deno.test("README names every command", async (t) => {
  for (const name of COMMAND_NAMES) {
    await t.step(name, () => assert.ok(README.includes(`\`${name}\``)));
  }
});

Deno.test("README's variables exist", async (t) => {
  const ofOthers = /^(?:CODER_NOTIFICATIONS_\w+|NAME_FILE)$/;
  const inShell = all(README, /```sh\n([^]*?)```/g).flatMap((block) => all(block, /\b([A-Z][A-Z0-9_]+)=/g));
  const inText = all(README, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|HOST|PORT)(?:=[^`]*)?`/g);
  assert.ok(inShell.length > 0 && inText.length > 0);
  for (const name of new Set([...inShell, ...inText])) {
    await t.step(name, () => assert.ok(KNOWN_NAMES.includes(name) || ofOthers.test(name)));
  }
});

Deno.test("README's explanation is what becomes of its sample", () => {
  const [output] = all(README, /```text\n\$ ([^]*?)```/g);
  const [, file, json] = /(tests\/fixtures\/coder\/\S+\.json)[^]*?\n(\{[^]*\})/.exec(output ?? "") ?? [];
  assert.ok(output !== undefined && file !== undefined && json !== undefined);
  const notification = parsed(JSON.parse(read(file)));
  const { tracking } = parseTracking(DEFAULT_EVENTS_TRACKED.join(","));
  const attributed = attribute(notification, { tracking, domains: undefined });
  assert.ok(attributed.kind === "attributed");
  const shown = JSON.parse(json);
  const first = { messageId: notification.messageId, arrivedAt: Number(shown.timestamp) * 1000 };
  const { event, fitted } = buildEvent(attributed, { first, testData: false });
  assert.equal(json, JSON.stringify(event, null, 2));
  assert.match(output, new RegExp(`^metadata +${fitted.bytes} of ${METADATA_LIMIT} bytes$`, "m"));
  assert.match(output, new RegExp(`^person +${attributed.email} \\(from ${attributed.source}\\)$`, "m"));
});

Deno.test("relative links, headings and samples that documents point at exist", async (t) => {
  for (const path of ["README.md", "CHANGELOG.md"]) {
    const text = read(path);
    await t.step(path, () => {
      assert.deepEqual(linkProblems({ path, text }, { exists, read }), []);
      assert.deepEqual(
        all(text, /\b(tests\/fixtures\/coder\/[\w-]+\.json)/g).filter((file) => !exists(file)),
        [],
      );
    });
  }
});

Deno.test("the newest version in CHANGELOG is deno.json's, and LICENSE is the one named there", () => {
  assert.equal(all(read("CHANGELOG.md"), /^## \[(\d[^\]]*)\]/gm)[0], manifest.version);
  assert.equal(manifest.license, "MIT");
  assert.match(read("LICENSE"), /^MIT License\n\nCopyright \(c\) 2026 coder-platformx contributors\n/);
});
