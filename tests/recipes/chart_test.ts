/** The Helm chart's own files agree with the service. What Helm makes of them is in `tests/built`, which builds Helm. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { KNOWN_NAMES, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { all } from "../documents/markdown.ts";
import { filesIn, read } from "../support/files.ts";
import { problemsOf } from "./check.ts";

const CHART = "deploy/helm/coder-platformx";
const VALUES = read(`${CHART}/values.yaml`);
const TEMPLATES = filesIn(`${CHART}/templates`).map(read).join("\n");

/** Names in a list of _rules.tpl. */
function listed(variable: string): readonly string[] {
  const [, names = ""] = new RegExp(`\\$${variable} := list ([^}]*?) }}`).exec(TEMPLATES) ?? [];
  return all(names, /"(\w+)"/g).toSorted();
}

Deno.test("every secret of the service is refused in env", () => {
  const secrets = VARIABLE_ROWS.filter((row) => "secret" in row).map(({ name }) => name);
  assert.deepEqual(listed("secret"), [...secrets, "DATABASE_URL"].toSorted());
});

Deno.test("every variable that the chart sets is refused in env", () => {
  const set = all(TEMPLATES, /\{ name: ([A-Z_]+), value: \S+ \}/g);
  assert.ok(set.length >= 5);
  assert.deepEqual(set.filter((name) => !listed("own").includes(name)), []);
  assert.deepEqual(listed("own").filter((name) => !KNOWN_NAMES.includes(name)), []);
});

Deno.test("the sample of env in values.yaml has variables and values that the service takes", () => {
  const [, sample = ""] = /^# (env:\n(?:# {3}.*\n)+)/m.exec(VALUES) ?? [];
  const text = sample.replaceAll("\n# ", "\n");
  assert.equal(Object.keys(parse(text).env).length, 4);
  assert.deepEqual(problemsOf({ path: "deploy/helm/sample.yaml", text }), []);
});

/** The names of everything that can be set, at any depth, but for what a value holds as it is. */
function namesIn(values: Readonly<Record<string, unknown>>, before = ""): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const name = `${before}${key}`;
    const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
    const isOpen = ["env", "resources", "serviceMonitor.labels"].includes(name);
    return isGroup && !isOpen ? namesIn(value as Readonly<Record<string, unknown>>, `${name}.`) : [name];
  });
}

/** The same of a schema. */
function namesOf(schema: { readonly properties: Readonly<Record<string, unknown>> }, before = ""): string[] {
  return Object.entries(schema.properties).flatMap(([key, value]) => {
    const inner = value as { readonly properties: Readonly<Record<string, unknown>> };
    return inner.properties === undefined ? [`${before}${key}`] : namesOf(inner, `${before}${key}.`);
  });
}

Deno.test("values.yaml, its schema and the templates have the same names", () => {
  const names = namesIn(parse(VALUES)).toSorted();
  const schema = JSON.parse(read(`${CHART}/values.schema.json`));
  assert.deepEqual(namesOf(schema).filter((name) => name !== "global").toSorted(), names);
  assert.deepEqual(all(TEMPLATES, /\.Values\.([\w.]+)/g).toSorted(), names);
});
