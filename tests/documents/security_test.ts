/** SECURITY.md says what the code does: limits, permissions, dependencies, tests and links. */
import "../../main.ts"; // the test run fetches what the program imports, so that its packages can be read
import cyclonedx from "@cyclonedx/cyclonedx-library/package.json" with { type: "json" };
import logtape from "@logtape/logtape/package.json" with { type: "json" };
import ajv from "ajv/package.json" with { type: "json" };
import assert from "node:assert/strict";
import axe from "axe-core/package.json" with { type: "json" };
import fastCheck from "fast-check/package.json" with { type: "json" };
import kubernetes from "kubernetes-types/package.json" with { type: "json" };
import yaml from "yaml/package.json" with { type: "json" };
import manifest from "../../deno.json" with { type: "json" };
import { parseArguments } from "../../lib/cli/arguments.ts";
import { duration } from "../../lib/config/parsers.ts";
import { VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { bundledPackages, type Lock } from "../../tools/bundled_packages.ts";
import { PERMISSIONS } from "../../tools/permissions.ts";
import { linkProblems } from "../recipes/table.ts";
import { exists, fileOf, filesIn, read } from "../support/files.ts";
import { tableOf } from "./markdown.ts";

const SECURITY = read("SECURITY.md");

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a number in the table means: bytes, milliseconds, or how many there are. */
function meaningOf(cell: string): number {
  const [, digits = "", unit = ""] = /^([\d,]+)(?: (\w+))?$/.exec(cell) ?? assert.fail(cell);
  return Number(digits.replaceAll(",", "")) * (UNITS[unit] ?? 1);
}

/** The value of a constant by its declaration, `NAME` or `NAME.member`: most are nobody else's business. */
function constantIn(source: string, constant: string): number {
  const [name, member] = constant.split(".");
  const [, value = ""] = new RegExp(`^(?:export )?const ${name} = (.+);$`, "m").exec(source) ?? [];
  const [, product = ""] = member === undefined
    ? ["", value]
    : new RegExp(`\\b${member}: ([\\d_]+)`).exec(value) ?? [];
  assert.match(product, /^[\d_]+(?: \* [\d_]+)*$/, `${constant} is not declared as a number`);
  return product.split(" * ").reduce((all, factor) => all * Number(factor.replaceAll("_", "")), 1);
}

function fallbackOf(variable: string): number {
  const fallback = VARIABLE_ROWS.find(({ name }) => name === variable)?.fallback;
  assert.ok(fallback !== undefined, `${variable} has no default`);
  if (/^\d+$/.test(fallback)) return Number(fallback);
  const parsed = duration("1ms", "365d")(fallback);
  return "value" in parsed ? parsed.value : assert.fail(fallback);
}

Deno.test("each limit is the code's, and its test exists", async (t) => {
  const rows = tableOf(SECURITY, "Limit");
  assert.ok(rows.length > 20);
  for (const [what, number, place, test] of rows) {
    await t.step(what!, () => {
      const [first, constant] = [...place!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
      const value = constant === undefined ? fallbackOf(first!) : constantIn(read(first!), constant);
      assert.equal(meaningOf(number!), value);

      const [, file, name] = /^`(tests\/[\w/]+_(?:test|contract)\.ts)`: (.+)$/.exec(test!) ??
        assert.fail(test);
      // With the call before it, so that a comment does not count. The contract of the stores is a list of rows.
      const call = new RegExp(`(?:Deno\\.test\\(|tidyTest\\(|name:)\\s*"${RegExp.escape(name!)}"`);
      assert.match(read(file!), call);
    });
  }
});

Deno.test("the permissions are those that the executable is compiled with", () => {
  const granted = new Map(
    PERMISSIONS.filter((flag) => flag !== "--no-prompt").map((flag) => {
      const [, name, names] = /^--allow-(\w+)(=.+)?$/.exec(flag) ?? assert.fail(flag);
      return [`\`${name}\``, names === undefined ? "everything" : "by name"];
    }),
  );
  const ALL = ["env", "net", "read", "write", "run", "ffi", "sys"].map((name) => `\`${name}\``);
  assert.deepEqual(
    tableOf(SECURITY, "Permission").map(([name, what]) => [name, what]),
    ALL.map((name) => [name, granted.get(name) ?? "nothing"]),
  );
  assert.deepEqual([...granted.keys()].filter((name) => !ALL.includes(name)), []);
});

Deno.test("the service imports nothing by a computed name", () => {
  for (const path of ["main.ts", ...filesIn("lib")]) {
    for (const [, argument] of read(path).matchAll(/\bimport\(\s*([^)]*)/g)) {
      // The program's own module, in the thread of the outbox: main.ts hands over its address.
      if (path.endsWith("runtime/threads.ts") && argument === "${from}") continue;
      assert.match(argument!.trim(), /^"[^"]+",?$/, path);
    }
  }
});

Deno.test("each dependency has its version, licence and part, and none is missing", async () => {
  const lock: Lock = JSON.parse(read("deno.lock"));
  const bundled = await bundledPackages(fileOf("main.ts"), lock);
  const others = [ajv, axe, cyclonedx, fastCheck, kubernetes, logtape, yaml];
  const rows = tableOf(SECURITY, "Package").map(([name, version, licence, part]) => [
    name!.replaceAll("`", ""),
    version,
    licence,
    part === "executable",
  ]);
  const [, deno = ""] = /deno@([\d.]+)/.exec(read(".ci/run")) ?? [];
  assert.deepEqual(rows, [
    ["deno", deno, "MIT", true],
    ...bundled.map(({ name, version, licence }) => [name, version, licence, true]),
    ...others.map(({ name, version, license }) => [name, version, license, false])
      .sort(([a], [b]) => a! < b! ? -1 : 1),
  ]);
  const imported = Object.entries(manifest.imports).map(([name, from]) => {
    assert.equal(from.startsWith(`npm:${name}@`), true, from);
    return [name, from.slice(`npm:${name}@`.length)];
  });
  const indirect = new Set(bundled.filter(({ direct }) => !direct).map(({ name }) => name));
  assert.deepEqual(
    rows.slice(1).filter(([name]) => !indirect.has(String(name))).map(([name, version]) => [name, version])
      .sort(),
    imported.sort(),
  );
  const ofPg = tableOf(SECURITY, "Package").filter(([, , , , reason]) => reason!.startsWith("of `pg`"));
  assert.deepEqual(ofPg.map(([name]) => name!.replaceAll("`", "")), [...indirect]);
});

Deno.test("variables, commands and links are there", async (t) => {
  for (const [, name] of SECURITY.matchAll(/`([A-Z]+(?:_[A-Z]+)+|OUTBOX)`/g)) {
    const isOfCode = tableOf(SECURITY, "Limit").some(([, , place]) => place!.includes(`\` \`${name}\``));
    if (isOfCode) continue;
    await t.step(name!, () => assert.ok(VARIABLE_ROWS.some((row) => row.name === name)));
  }
  for (const [, command] of SECURITY.matchAll(/coder-platformx ([a-z-][^\n`|]*)/g)) {
    await t.step(command!, () => assert.notEqual(parseArguments(command!.trim().split(/\s+/)).kind, "usage"));
  }
  await t.step("links", () => {
    assert.deepEqual(linkProblems({ path: "SECURITY.md", text: SECURITY }, { exists, read }), []);
  });
  for (const [, file] of SECURITY.matchAll(/`(tests\/[\w/]+_test\.ts)`/g)) {
    await t.step(file!, () => assert.ok(exists(file!)));
  }
});
