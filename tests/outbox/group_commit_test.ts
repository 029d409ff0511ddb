import assert from "node:assert/strict";
import { Change } from "../../lib/outbox/change.ts";
import { GroupCommit } from "../../lib/outbox/group_commit.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_error.ts";
import { settled, watched } from "../support/fakes.ts";

/** A database whose commits last until a test ends them. Versions are their numbers. */
class HeldCommits {
  /** What was asked, in order: the names of the entries set. */
  readonly asked: (readonly string[])[] = [];
  readonly changes: Change[] = [];
  readonly #versions = new Map<string, string>();
  readonly #ends: (() => void)[] = [];
  #commits = 0;
  /** What a commit of these entries throws, instead of writing. */
  fault: (entries: readonly string[]) => unknown = () => undefined;

  readonly commit = async (change: Change): Promise<string | undefined> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entries = change.mutations.map(({ key }) => String(key[0]));
    this.asked.push(entries);
    this.changes.push(change);
    this.#ends.push(resolve);
    await promise;
    const error = this.fault(entries);
    if (error !== undefined) throw error;
    const holds = change.checks.every(({ key, versionstamp }) =>
      (this.#versions.get(String(key[0])) ?? null) === versionstamp
    );
    if (!holds) return undefined;
    const version = String(++this.#commits).padStart(3, "0");
    for (const entry of entries) this.#versions.set(entry, version);
    return version;
  };

  /** Ends the commit under way, and the following ones. */
  async end(count = Infinity): Promise<void> {
    for (let n = 0; n < count && this.#ends.length > 0; n++) {
      this.#ends.shift()!();
      await settled();
    }
  }
}

/** "a": sets a. "a?": checks that a is not there and sets it. "a=1": checks its version and sets it. */
function changeOf(text: string): Change {
  const change = new Change();
  for (const word of text.split(" ")) {
    const [, entry, , version] = /^(\w+?)(\?|=(\d+))?$/.exec(word)!;
    if (/[?=]/.test(word)) change.check({ key: [entry!], versionstamp: version ?? null });
    change.set([entry!], new Uint8Array());
  }
  return change;
}

/** Has changes committed: the first alone, the others while its commit lasts. */
async function during(held: HeldCommits, changes: readonly Change[], count?: number) {
  const group = new GroupCommit(held.commit);
  const results = changes.map((change) =>
    watched(group.commit(change).then((version) => version ?? "failed check", faultOf))
  );
  await held.end(count);
  return results.map(({ value }) => value);
}

const faultOf = (error: unknown) => error instanceof StoreError ? error.fault : `${error}`;

/** Changes in the order of their coming, what is committed, and how each ends. */
const rows: {
  readonly what: string;
  readonly changes: readonly string[];
  readonly asked: readonly (readonly string[])[];
  readonly results: readonly string[];
}[] = [
  { what: "a change alone is written alone", changes: ["a?"], asked: [["a"]], results: ["001"] },
  {
    what: "those that come during a commit are written together, in order",
    changes: ["a?", "b?", "c", "d? e"],
    asked: [["a"], ["b", "c", "d", "e"]],
    results: ["001", "002", "002", "002"],
  },
  {
    what: "two that check the same entry are not written together, and the second fails without a commit",
    changes: ["a?", "b? x", "b? y", "c?"],
    asked: [["a"], ["b", "x", "c"]],
    results: ["001", "002", "failed check", "002"],
  },
  {
    what: "one that checks what the commit under way writes fails without a commit",
    changes: ["a?", "a? x", "b?"],
    asked: [["a"], ["b"]],
    results: ["001", "failed check", "002"],
  },
  {
    what: "one that has read what the commit under way writes is not taken for overtaken",
    changes: ["a?", "a=001", "b?"],
    asked: [["a"], ["a", "b"]],
    results: ["001", "002", "002"],
  },
  {
    what: "one that checks what another sets is written after it, and sees it",
    changes: ["a?", "b", "b? c", "d"],
    asked: [["a"], ["b", "d"]],
    results: ["001", "002", "failed check", "002"],
  },
  {
    what: "two that set the same entry are written in order",
    changes: ["a?", "b", "b c", "d"],
    asked: [["a"], ["b", "d"], ["b", "c"]],
    results: ["001", "002", "003", "002"],
  },
  {
    what: "none overtakes one with which it shares an entry",
    changes: ["a?", "b", "b c", "c d", "e"],
    asked: [["a"], ["b", "e"], ["b", "c"], ["c", "d"]],
    results: ["001", "002", "003", "004", "002"],
  },
  {
    what: "a check that fails by itself does not fail the others",
    changes: ["a?", "b?", "c=007", "d?", "e?"],
    asked: [["a"], ["b", "c", "d", "e"], ["b", "c"], ["b"], ["c"], ["d", "e"]],
    results: ["001", "002", "failed check", "003", "003"],
  },
];

for (const { what, changes, asked, results } of rows) {
  Deno.test(`${what}: ${changes.join(", ")}`, async () => {
    const held = new HeldCommits();
    assert.deepEqual(await during(held, changes.map(changeOf)), results);
    assert.deepEqual(held.asked, asked);
  });
}

Deno.test("a change alone is written at once, also after others", async () => {
  const held = new HeldCommits();
  const group = new GroupCommit(held.commit);
  for (let n = 1; n <= 3; n++) {
    const result = group.commit(changeOf("a"));
    assert.equal(held.asked.length, n);
    await held.end();
    assert.equal(await result, `00${n}`);
  }
});

Deno.test("a change that can only be written into a file at its place makes the group so, and no other group", async () => {
  const held = new HeldCommits();
  await during(held, [changeOf("a"), changeOf("b"), changeOf("c").inPlace(), changeOf("b")]);
  assert.deepEqual(held.changes.map(({ mustBeInPlace }) => mustBeInPlace), [false, true, false]);
});

/** Faults of a group, how often a commit is tried, and how the changes end: the third is what is at fault. */
const faults: {
  readonly fault: StoreFault | "bug";
  readonly tries: number;
  readonly results: readonly string[];
}[] = [
  { fault: "full", tries: 2, results: ["001", "full", "full", "full"] },
  { fault: "failing", tries: 2, results: ["001", "failing", "failing", "failing"] },
  { fault: "read_only", tries: 2, results: ["001", "read_only", "read_only", "read_only"] },
  { fault: "unreachable", tries: 2, results: ["001", "unreachable", "unreachable", "unreachable"] },
  { fault: "busy", tries: 2, results: ["001", "busy", "busy", "busy"] },
  { fault: "broken", tries: 6, results: ["001", "002", "broken", "003"] },
  { fault: "unusable", tries: 6, results: ["001", "002", "unusable", "003"] },
  { fault: "gone", tries: 6, results: ["001", "002", "gone", "003"] },
  { fault: "bug", tries: 6, results: ["001", "002", "RangeError: a bug", "003"] },
];

for (const { fault, tries, results } of faults) {
  Deno.test(`a group that fails with ${fault}: ${results.slice(1)}, after ${tries - 1} tries`, async () => {
    const held = new HeldCommits();
    held.fault = (entries) => {
      if (entries.includes("c")) return fault === "bug" ? new RangeError("a bug") : new StoreError(fault);
    };
    assert.deepEqual(await during(held, ["a", "b", "c", "d"].map(changeOf)), results);
    assert.equal(held.asked.length, tries);
  });
}

Deno.test("a lock that was waited for in vain ends the wait of all that came meanwhile, and of nobody later", async () => {
  const held = new HeldCommits();
  const group = new GroupCommit(held.commit);
  const commit = (text: string) => watched(group.commit(changeOf(text)).catch(faultOf));
  const results = ["a", "b", "b"].map(commit);
  held.fault = () => new StoreError("busy");
  await held.end(1);
  assert.deepEqual(results.map(({ value }) => value), ["busy", "busy", "busy"]);
  held.fault = () => undefined;
  const later = commit("c");
  await held.end();
  assert.deepEqual([later.value, held.asked], ["001", [["a"], ["c"]]]);
});

Deno.test("a fault ends nobody that came later, and nothing is forgotten", async () => {
  const held = new HeldCommits();
  const group = new GroupCommit(held.commit);
  const commit = (text: string) => watched(group.commit(changeOf(text)).catch(faultOf));
  const results = ["a", "b", "c"].map(commit);
  await held.end(1);
  held.fault = () => new StoreError("full");
  results.push(commit("d"));
  await held.end(1);
  held.fault = () => undefined;
  await held.end();
  assert.deepEqual(results.map(({ value }) => value), ["001", "full", "full", "002"]);
});

const many = (count: number, change: (n: number) => Change) =>
  Array.from({ length: count }, (_, n) => change(n));
const wide = (entries: number, n: number) =>
  changeOf(Array.from({ length: entries }, (_, i) => `x${n}y${i}`).join(" "));

/** Changes of a kind, of which so many fit into a commit. */
const limits: { readonly what: string; readonly changes: readonly Change[]; readonly fit: number }[] = [
  { what: "one check each", changes: many(120, (n) => changeOf(`x${n}?`)), fit: 100 },
  { what: "two checks each", changes: many(60, (n) => changeOf(`x${n}? y${n}?`)), fit: 50 },
  { what: "ten mutations each", changes: many(100, (n) => wide(10, n)), fit: 90 },
  {
    what: "60,000 bytes each",
    changes: many(20, (n) => new Change().set([`x${n}`], new Uint8Array(60_000))),
    fit: 8,
  },
  {
    what: "more mutations than a commit may hold",
    changes: many(3, (n) => wide(1_001, n)),
    fit: 1,
  },
  {
    what: "more bytes than a commit may hold",
    changes: many(3, (n) => new Change().set([`x${n}`], new Uint8Array(1_000_000))),
    fit: 1,
  },
];

for (const { what, changes, fit } of limits) {
  Deno.test(`of changes with ${what}, ${fit} fit into one commit, and all are written`, async () => {
    const held = new HeldCommits();
    const results = await during(held, [changeOf("first"), ...changes]);
    assert.ok(results.every((result) => /^\d+$/.test(result!)), `${results}`);
    const sizes = held.changes.slice(1).map(({ mutations }) => mutations.length);
    const each = changes[0]!.mutations.length;
    const full = Math.floor(changes.length / fit);
    const rest = changes.length - full * fit;
    assert.deepEqual(sizes, [...Array(full).fill(fit * each), ...(rest > 0 ? [rest * each] : [])]);
  });
}

Deno.test("a small change behind one that is too large is written all the same", async () => {
  const held = new HeldCommits();
  assert.deepEqual(
    await during(held, [changeOf("a"), wide(1_001, 0), changeOf("b"), changeOf("c")]),
    ["001", "002", "003", "003"],
  );
});
