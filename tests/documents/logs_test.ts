/** docs/logs.md says what the log holds: every entry, its level and fields, and lines as the program writes them. */
import { inFull } from "../../lib/base/redact.ts";
import { shownFields } from "../support/fakes.ts";
import assert from "node:assert/strict";
import { LOG_LEVELS, type LogLevel } from "../../lib/base/log.ts";
import { createLog, type LogFields } from "../../lib/base/log.ts";
import { CODER_PATIENCE } from "../../lib/coder/patience.ts";
import { LOG_EVENTS, type LogEvent } from "../../lib/base/log_events.ts";
import { filesIn, read } from "../support/files.ts";
import { cellsOf } from "./markdown.ts";

const LOGS = read("docs/logs.md");
const NAMES = Object.keys(LOG_EVENTS) as LogEvent[];

/** The text of every module below `lib/`, its string concatenations joined. */
const SOURCE = filesIn("lib").map(read).join("\n").replaceAll(/["`]\s*\+\s*["`]/g, "")
  .replaceAll(/ ",\s*"/g, " ")
  .replaceAll("${CODER_PATIENCE}", CODER_PATIENCE);

/** Rows of the table of entries, as trimmed cells without backticks. */
const ROWS = LOGS.split("\n").filter((line) => /^\| `[a-z_]+` +\| [A-Z]/.test(line)).map((line) =>
  cellsOf(line.replaceAll("`", ""))
);

/** Calls that write, as level and name. `#warnOnce` is the relay's, and writes warnings. */
const CALLED = [...SOURCE.matchAll(/(?:log\??\.write\(\s*"([A-Z]+)",|#warnOnce\()\s*"([a-z_]+)"/g)].map(
  ([, level = "WARNING", name]) => ({ level, name: name! }),
);

/** What is written where: the gate's two errors stand in a table of their own. */
const WRITTEN = [
  ...CALLED,
  ...[...SOURCE.matchAll(/^ +event: "([a-z_]+)",$/gm)].map(([, name]) => ({ level: "ERROR", name: name! })),
];

function examplesIn(language: string): string[] {
  const block = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(LOGS);
  return block?.[1]?.split("\n") ?? assert.fail(`docs/logs.md has no examples as ${language}`);
}

Deno.test("the table of entries is the closed list, in order, in its words", () => {
  assert.deepEqual(ROWS.map(([name, , meaning]) => [name, meaning]), Object.entries(LOG_EVENTS));
});

Deno.test("every entry says what to do", async (t) => {
  for (const [name, , , , todo] of ROWS) await t.step(name!, () => assert.notEqual(todo, ""));
});

Deno.test("every name of the list is written somewhere, at the levels that the table tells", async (t) => {
  for (const [name, levels] of ROWS) {
    await t.step(name!, () => {
      const found = new Set(WRITTEN.filter((entry) => entry.name === name).map(({ level }) => level));
      assert.deepEqual(LOG_LEVELS.filter((level) => found.has(level)).join(", "), levels);
    });
  }
});

Deno.test("nothing is written under a name that is not on the list", () => {
  assert.ok(WRITTEN.length >= NAMES.length);
  assert.deepEqual(WRITTEN.map(({ name }) => name).filter((name) => !(name in LOG_EVENTS)), []);
  // Every call was seen: none builds its name otherwise. The relay's own has the name as a parameter, the gate's takes
  // it from its table.
  const calls = SOURCE.match(/(?:\blog|#log)\??\.write\(/g)!.length +
    SOURCE.match(/this\.#warnOnce\(/g)!.length;
  assert.equal(CALLED.length, calls - 2);
});

/** One example, read back. */
function parsedExample(line: string) {
  const { time, level, event, message, ...fields } = JSON.parse(line);
  return { time, level, event, message, fields } as {
    readonly time: string;
    readonly level: LogLevel;
    readonly event: LogEvent;
    readonly message: string;
    readonly fields: LogFields;
  };
}

const EXAMPLES = examplesIn("json").map(parsedExample);

Deno.test("there is one example of each entry, with the level and the fields of the table", async (t) => {
  assert.deepEqual(EXAMPLES.map(({ event }) => event), NAMES);
  for (const [i, { event, level, fields }] of EXAMPLES.entries()) {
    await t.step(event, () => {
      const [, levels, , names] = ROWS[i]!;
      assert.ok(levels!.split(", ").includes(level));
      for (const name of Object.keys(fields)) {
        assert.ok(names!.split(", ").includes(name), `${name}: ${names}`);
      }
    });
  }
});

/** Times, ids and durations differ between two runs of the program. */
function withoutNumbers(line: string): string {
  return line.replace(/ id=\w+/, " id=0").replaceAll(/\d+/g, "0");
}

Deno.test("an example in text is what the formatter makes of the one in JSON", async (t) => {
  const lines = examplesIn("text");
  assert.equal(lines.length, EXAMPLES.length);
  for (const [i, { time, level, event, message, fields }] of EXAMPLES.entries()) {
    await t.step(event, () => {
      const written: string[] = [];
      const take = (line: string) => written.push(line);
      const log = createLog({
        level: "DEBUG",
        format: "text",
        colour: false,
        unfolds: false,
        now: () => Date.parse(time),
        output: take,
      });
      log.write(level, event, inFull(message), shownFields(fields));
      assert.equal(withoutNumbers(lines[i]!), withoutNumbers(written[0]!));
    });
  }
});

Deno.test("the examples' messages are those of the program", async (t) => {
  for (const { event, message } of EXAMPLES) {
    // Its sentence is put together: a list of names follows.
    if (event === "tracking") continue;
    await t.step(event, () => {
      for (const part of message.split(/(?<=\.) |: /)) {
        assert.ok(SOURCE.includes(part.replace(/\.$/, "")), `no module says: ${part}`);
      }
    });
  }
});
