/** docs/operations.md and docs/logs.md name only what there is: commands, variables, entries, metrics, links. */
import assert from "node:assert/strict";
import { parseArguments } from "../../lib/cli/arguments.ts";
import { detailedHealth } from "../../lib/status/health.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { DEAD_REASONS } from "../../lib/outbox/record.ts";
import { STATUS_NAMES } from "../../lib/delivery/outcome.ts";
import { REASONS } from "../../lib/delivery/reasons.ts";
import { VERDICTS } from "../../lib/platformx/verdict.ts";
import { KNOWN_NAMES } from "../../lib/config/variables.ts";
import { LOG_EVENTS } from "../../lib/base/log_events.ts";
import type { StoreFault } from "../../lib/outbox/store_fault.ts";
import { outboxInUse, USAGE } from "../status/states.ts";
import { linkProblems } from "../recipes/table.ts";
import { exists, read } from "../support/files.ts";
import { all } from "./markdown.ts";

const NAMES = ["operations.md", "logs.md", "network.md", "scaling.md"] as const;
const TEXTS = Object.fromEntries(NAMES.map((name) => [name, read(`docs/${name}`)]));
const OPERATIONS = TEXTS["operations.md"]!;

function withoutBlocks(text: string): string {
  return text.replaceAll(/```[^]*?```/g, "");
}

Deno.test("every question of the operator has its section", () => {
  const headings = all(OPERATIONS, /^## (.+)$/gm);
  for (
    const question of [
      "Nothing arrives in PlatformX",
      "Only some events arrive",
      "An event is there twice",
      "PlatformX was down",
      "Rotate the webhook secret",
      "Rotate the PlatformX key",
      "What is stored where, for how long, and who can read it",
      "What happens at a restart",
      "Upgrade",
    ]
  ) assert.ok(headings.includes(question), question);
});

Deno.test("every command can be typed as it is written", async (t) => {
  for (const [name, text] of Object.entries(TEXTS)) {
    const quoted = all(text, /[`'](?:\w+=\S+ )?coder-platformx ([a-z-][^`']*)[`']/g);
    const inBlocks = all(text, /```sh\n([^]*?)```/g).flatMap((block) =>
      all(block, /^coder-platformx ([^#\n]+)/gm)
    );
    const commands = [...new Set([...quoted, ...inBlocks].map((command) => command.trim()))];
    assert.ok(commands.length > 0);
    for (const command of commands) {
      await t.step(`${name}: ${command}`, () => {
        const parsed = parseArguments(command.split(/\s+/));
        assert.notEqual(parsed.kind, "usage", "problem" in parsed ? parsed.problem : "");
      });
    }
  }
});

Deno.test("every variable exists", async (t) => {
  for (const [name, text] of Object.entries(TEXTS)) {
    const inText = all(withoutBlocks(text), /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|OUTBOX|HOST|PORT)(?:=[^`]*)?`/g);
    const inShell = all(text, /\$([A-Z_]+)/g);
    for (const variable of [...inText, ...inShell]) {
      await t.step(`${name}: ${variable}`, () => {
        const known = KNOWN_NAMES.includes(variable) || OF_CODER.includes(variable);
        assert.ok(known, "the service reads no such variable");
      });
    }
  }
});

const OF_CODER = ["CODER_NOTIFICATIONS_METHOD", "CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT"];

/** A list of all kinds would be longer: those that the documents name. The compiler knows them. */
const FAULTS: readonly StoreFault[] = ["full", "gone", "newer", "overfull", "read_only"];

const HEALTH = detailedHealth(outboxInUse());

/** Columns, fields and other words that are somebody's names. */
const MORE = [
  ...["data", "delivered", "paused", "last_delivered", "coder_message_id", "fault", "outcome", "reason"],
];

Deno.test("every word that is set as code is the name of an entry, a field, a status or a reason", async (t) => {
  const fields = all(TEXTS["logs.md"]!, /^\| `[a-z_]+` +\| [A-Z][^|]*\|[^|]*\|([^|]*)\|/gm).flatMap((cell) =>
    all(cell, /`(\w+)`/g)
  );
  const known = new Set<string>([
    ...Object.keys(LOG_EVENTS),
    ...STATUS_NAMES,
    ...Object.keys(REASONS),
    ...VERDICTS,
    ...DEAD_REASONS,
    ...FAULTS,
    ...fields,
    ...Object.keys(HEALTH),
    ...MORE,
    "webhook",
  ]);
  for (const word of all(withoutBlocks(OPERATIONS), /`([a-z]+(?:_[a-z]+)*)`/g)) {
    if (word.startsWith("coder_platformx_")) continue;
    await t.step(word, () => assert.ok(known.has(word), "nothing has this name"));
  }
});

Deno.test("every metric exists", async (t) => {
  const exposed = all(metricsText(outboxInUse(), USAGE, "prometheus"), /^# TYPE (\S+)/gm);
  for (const [name, text] of Object.entries(TEXTS)) {
    for (const metric of all(text, /\b(coder_platformx_\w+)/g)) {
      await t.step(`${name}: ${metric}`, () => assert.ok(exposed.includes(metric)));
    }
  }
});

Deno.test("links and headings that the documents point at exist", async (t) => {
  for (const [name, text] of Object.entries(TEXTS)) {
    const path = `docs/${name}`;
    await t.step(path, () => assert.deepEqual(linkProblems({ path, text }, { exists, read }), []));
  }
});
