/** The documents say what the code does: README, the pages of `docs/`, `.env.sample`, CHANGELOG, LICENSE. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { whose } from "../../lib/cli/events.ts";
import { attribute } from "../../lib/coder/attribution.ts";
import { METADATA_LIMIT } from "../../lib/platformx/budget.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { COMMAND_NAMES } from "../../lib/cli/arguments.ts";
import { parseDotenv } from "../../lib/config/dotenv.ts";
import { buildEvent } from "../../lib/platformx/event.ts";
import {
  answerTo,
  type Outcome,
  REASONS_OF,
  type Status,
  STATUS_NAMES,
  STATUSES,
} from "../../lib/delivery/outcome.ts";
import { type Reason, REASONS } from "../../lib/delivery/reasons.ts";
import { DEFAULT_EVENTS_TRACKED, parseTracking } from "../../lib/coder/tracking.ts";
import { KNOWN_NAMES, type Variable, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { ATTENTION_CODES } from "../../lib/status/attention.ts";
import { linkProblems } from "../recipes/table.ts";
import { parsed } from "../support/fakes.ts";
import { exists, filesIn, read } from "../support/files.ts";
import { type Environment, parsedEnvironment, textsOf } from "../support/settings.ts";
import { assertEntries, assertTable } from "./entries.ts";
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

Deno.test("the table of variables has each variable's name, default and meaning, in order", () => {
  const defaultOf = (row: Variable) => {
    if (row.name === "EVENTS_TRACKED") {
      return `the ${DEFAULT_EVENTS_TRACKED.length} marked in [Events](events.md)`;
    }
    return row.fallback === undefined ? isRequired(row) ? "required" : "unset" : `\`${row.fallback}\``;
  };
  const path = "docs/configuration.md";
  const text = read(path);
  const told = tableOf(text, "Variable").map(([, , meaning = ""]) => meaning);
  assertTable(
    { path, text, head: "Variable" },
    VARIABLE_ROWS.map((row) => [
      row.file ? `\`${row.name}\`, \`_FILE\`` : `\`${row.name}\``,
      defaultOf(row),
      // The page may say more than the help.
      told.find((meaning) => meaning.startsWith(row.about)) ?? row.about,
    ]),
  );
});

Deno.test("README's six settings are among them", () => {
  const named = tableOf(README, "Variable").map(([name]) => name!.replaceAll("`", ""));
  assert.equal(named.length, 6);
  assert.deepEqual(named.filter((name) => !VARIABLE_ROWS.some((row) => row.name === name)), []);
});

Deno.test("the table of events is the catalogue, in order", () => {
  const path = "docs/events.md";
  assertTable(
    { path, text: read(path), head: "Notification" },
    CATALOGUE.map((row) => [
      row.name,
      whose(row),
      row.offByDefault ? "yes" : "",
      DEFAULT_EVENTS_TRACKED.includes(row.name) ? "yes" : "",
      row.versions ?? "",
      row.note,
    ]),
  );
});

function outcomeOf(status: Status, reason: string): Outcome {
  // The lists are of the same module: what goes together is known there.
  return { status, ...reason === "" ? {} : { reason }, words: "", retryAfterMs: 0, attempts: 0 } as Outcome;
}

Deno.test("the table of answers has every status and reason with its HTTP code, meaning and remedy", () => {
  const code = (text: string) => text === "" ? "" : `\`${text}\``;
  const path = "docs/answers.md";
  assertTable(
    { path, text: read(path), head: "Status" },
    STATUS_NAMES.flatMap((status) =>
      REASONS_OF[status].map((reason) => {
        const row = Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : undefined;
        const http = String(answerTo(outcomeOf(status, reason)).status);
        return [code(status), code(reason), http, row?.what ?? STATUSES[status], row?.todo ?? ""];
      })
    ),
  );
});

Deno.test("the table of reasons for attention has each, in the order of urgency", () => {
  assert.deepEqual(
    tableOf(read("docs/answers.md"), "Attention").map(([code]) => code),
    ATTENTION_CODES.map((code) => `\`${code}\``),
  );
});

Deno.test(".env.sample has each variable once, in order, with its meaning and its default", () => {
  const [, ...blocks] = SAMPLE.trimEnd().split("\n\n");
  assertEntries(
    ".env.sample",
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
  for (const task of new Set(all(README, /(?:deno@[\d.]+ |`)task (?:-q )?([a-z]+)/g))) {
    await t.step(`task ${task}`, () => assert.ok(task in manifest.tasks, "deno.json has no such task"));
  }
});

Deno.test("README's alias runs what 'deno task start' runs, from every folder", () => {
  const [alias = ""] = all(README, /`alias coder-platformx="([^"]+)"`/g);
  // "--": else npx's Node.js takes a later --env-file for its own.
  const typed = alias.replace(/^npx -y -- deno@[\d.]+ /, "deno ").replace(
    "--config $PWD/deno.json $PWD/",
    "",
  );
  assert.equal(typed, manifest.tasks.start.command);
});

Deno.test("README names every command", async (t) => {
  for (const name of COMMAND_NAMES) {
    await t.step(name, () => assert.ok(README.includes(`\`${name}\``)));
  }
});

Deno.test("README's variables exist", async (t) => {
  const ofOthers = /^CODER_NOTIFICATIONS_\w+$/;
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

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...filesIn("docs").filter((path) => path.endsWith(".md")),
];

Deno.test("relative links, headings and samples that documents point at exist", async (t) => {
  for (const path of PAGES) {
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

Deno.test("the index names every page, and README the index", () => {
  const index = read("docs/README.md");
  const pages = PAGES.filter((path) => path !== "docs/README.md");
  const missing = pages.filter((path) =>
    !index.includes(`](${path.startsWith("docs/") ? path.slice("docs/".length) : `../${path}`})`)
  );
  assert.deepEqual(missing, []);
  assert.ok(README.includes("](docs/README.md)"));
});

Deno.test("README can be read in some minutes", () => {
  const lines = README.trimEnd().split("\n").length;
  const words = README.trim().split(/\s+/).length;
  assert.ok(lines <= 200, `${lines} lines`);
  assert.ok(words <= 1_800, `${words} words`);
});

Deno.test("one page owns each table: no other page has its rows", async (t) => {
  const owners: Readonly<Record<string, readonly string[]>> = {
    "docs/configuration.md": ["`DEDUP_WINDOW`", "`SHUTDOWN_GRACE`"],
    "docs/events.md": ["Workspace Autobuild Failed", "Chat Shared"],
    "docs/answers.md": ["`dry_run`", "`backlog`"],
  };
  for (const [owner, cells] of Object.entries(owners)) {
    for (const cell of cells) {
      await t.step(cell, () => {
        const having = PAGES.filter((path) => new RegExp(`^\\| ${cell} .*\\| .*\\|`, "m").test(read(path)));
        assert.deepEqual(having, [owner]);
      });
    }
  }
});

/** What is gone, and words of the code that readers need not know. */
const BANISHED =
  /\bKV\b|--unstable-kv|Deno\.cron|\bKV Connect\b|\bDENO_KV_\w+|\bhappenings?\b|\bk-th\b|\bin the words of\b|\bdeno@?2\.4\b|\bDeno 2\.4\b/i;

Deno.test("documents do not speak of what is gone, nor in words of their own", async (t) => {
  // These two compare with what was before.
  for (const path of PAGES.filter((path) => !["CHANGELOG.md", "docs/performance.md"].includes(path))) {
    const text = read(path).replaceAll(/```[^]*?```/g, "");
    await t.step(path, () => {
      const found = text.split("\n").filter((line) => BANISHED.test(line));
      assert.deepEqual(found, []);
    });
  }
});

Deno.test("every command in the documents can be typed: tasks exist", async (t) => {
  for (const path of PAGES) {
    for (const task of all(read(path), /(?:deno(?:@[\d.]+)? )task (?:-q )?([a-z][a-z:]*)/g)) {
      await t.step(`${path}: ${task}`, () => assert.ok(task in manifest.tasks, "deno.json has no such task"));
    }
  }
});

Deno.test("the rooms of the architecture are the folders of lib, in the order of the imports", () => {
  const [, rooms = ""] = /^lib\/\n((?: {2}\w+\/.*\n)+)/m.exec(read("docs/architecture.md")) ?? [];
  const [, order = ""] = /const ROOMS = \[([^\]]+)\]/.exec(read("tools/lint_rooms.ts")) ?? [];
  const named = all(rooms, /^ {2}(\w+)\//gm);
  assert.deepEqual(named, all(order, /"(\w+)"/g));
  assert.deepEqual(named.toSorted(), all(filesIn("lib").join("\n"), /^lib\/(\w+)\//gm).toSorted());
});

Deno.test("files and folders that documents set as code are there", async (t) => {
  for (const path of PAGES) {
    for (const file of all(read(path), /`((?:lib|tests|tools|deploy|findings)\/[\w/]*(?:\.\w+)?)`/g)) {
      await t.step(`${path}: ${file}`, () => assert.ok(exists(file)));
    }
  }
});

Deno.test("the newest version in CHANGELOG is deno.json's, and LICENSE is the one named there", () => {
  assert.equal(all(read("CHANGELOG.md"), /^## \[(\d[^\]]*)\]/gm)[0], manifest.version);
  assert.equal(manifest.license, "MIT");
  assert.match(read("LICENSE"), /^MIT License\n\nCopyright \(c\) 2026 coder-platformx contributors\n/);
});
