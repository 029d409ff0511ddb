/** Reads Prometheus' text format as its documentation words it, and refuses everything else. */
import assert from "node:assert/strict";

/** What the text holds under one name. */
export interface ReadFamily {
  readonly help: string;
  readonly type: string;
  /** By sample name and labels as written, for instance `paused{reason="key"}`. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`;
const HELP = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\[\\\\n])*)$`, "u");
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(
  `^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (\\+Inf|-Inf|NaN|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`,
  "u",
);

/** Families by name. Fails at the first line that is not of the format, stands wrong or is there twice. */
export function readExposition(text: string): ReadonlyMap<string, ReadFamily> {
  assert.ok(text.endsWith("\n"), "the last line has no end");
  const families = new Map<string, ReadFamily>();
  const lines = text.slice(0, -1).split("\n");
  for (let at = 0; at < lines.length;) {
    const [, name, help] = HELP.exec(lines[at]!) ?? assert.fail(`not a HELP line: ${lines[at]}`);
    const [, typed, type] = TYPE.exec(lines[++at] ?? "") ?? assert.fail(`not a TYPE line: ${lines[at]}`);
    assert.equal(typed, name, "TYPE names something else than HELP");
    assert.ok(!families.has(name!), `${name} is there twice`);
    const samples = new Map<string, number>();
    for (at++; at < lines.length && !lines[at]!.startsWith("#"); at++) {
      const [, of, labels = "", value] = SAMPLE.exec(lines[at]!) ?? assert.fail(`not a sample: ${lines[at]}`);
      const names = type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
      assert.ok(names.includes(of), `${of} is not of ${name}`);
      assert.ok(!samples.has(`${of}${labels}`), `${of}${labels} is there twice`);
      samples.set(`${of}${labels}`, Number(value!.replace("Inf", "Infinity")));
    }
    assert.ok(samples.size > 0, `${name} has no samples`);
    families.set(name!, { help: help!, type: type!, samples });
  }
  return families;
}
