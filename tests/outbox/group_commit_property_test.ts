import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { Change } from "../../lib/outbox/change.ts";
import { type Commit, GroupCommit } from "../../lib/outbox/group_commit.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_error.ts";

const KEYS = ["a", "b", "c"] as const;
type Key = typeof KEYS[number];

/** A change, and how many turns of the event loop it waits before it reads, and between reading and committing. */
interface Plan {
  readonly checks: readonly Key[];
  readonly sets: readonly Key[];
  readonly deletes: readonly Key[];
  readonly counts: boolean;
  readonly waits: readonly [number, number];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  checks: fc.subarray([...KEYS]),
  sets: fc.subarray([...KEYS]),
  deletes: fc.subarray([...KEYS], { maxLength: 1 }),
  counts: fc.boolean(),
  waits: fc.tuple(fc.nat(4), fc.nat(4)),
});

const FAULTS: readonly StoreFault[] = ["busy", "full", "broken", "unusable", "gone", "failing"];

/** Where changes go: Deno KV, made to fail now and then. `faults` are used up, one a commit. */
function committing(kv: Deno.Kv, faults: (StoreFault | undefined)[]): Commit {
  return async ({ checks, mutations }) => {
    const fault = faults.shift();
    await setImmediate();
    if (fault !== undefined) throw new StoreError(fault);
    const result = await kv.atomic().check(...checks).mutate(...mutations).commit();
    return result.ok ? result.versionstamp : undefined;
  };
}

async function waiting(turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await setImmediate();
}

/** What became of one plan. */
interface Done {
  readonly n: number;
  readonly change: Change;
  readonly version: string;
}

async function play(plans: readonly Plan[], faults: (StoreFault | undefined)[]): Promise<void> {
  using kv = await Deno.openKv(":memory:");
  /** The entries' versions as of the commits that have ended. */
  const versions = new Map<string, string>();
  const underlying = committing(kv, faults);
  const group = new GroupCommit(async (change) => {
    const version = await underlying(change);
    for (const { type, key } of version === undefined ? [] : change.mutations) {
      if (type === "set") versions.set(String(key), version!);
      if (type === "delete") versions.delete(String(key));
    }
    return version;
  });
  const done: Done[] = [];
  const one = async ({ checks, sets, deletes, counts, waits }: Plan, n: number) => {
    await waiting(waits[0]);
    const read = checks.map((key) => ({ key: [key], versionstamp: versions.get(key) ?? null }));
    await waiting(waits[1]);
    const change = new Change().check(...read);
    for (const key of sets) change.set([key], n);
    for (const key of deletes) change.delete([key]);
    if (counts) change.sum(["count"], 1n);
    let version: string | undefined;
    try {
      version = await group.commit(change);
    } catch (error) {
      assert.ok(error instanceof StoreError, `${error}`);
      return;
    }
    if (version !== undefined) return void done.push({ n, change, version });
    // Nothing was committed since.
    assert.ok(
      read.some(({ key, versionstamp }) => (versions.get(String(key)) ?? null) !== versionstamp),
      `the checks of change ${n} held`,
    );
  };
  await Promise.all(plans.map(one));

  // One after the other, in the order of their versions, they come to the same.
  const entries = new Map<string, { readonly value: number; readonly version: string }>();
  let count = 0n;
  for (const { n, change, version } of done.toSorted((a, b) => a.version < b.version ? -1 : 1)) {
    for (const { key, versionstamp } of change.checks) {
      assert.equal(versionstamp, entries.get(String(key))?.version ?? null, `change ${n} overwrites another`);
    }
    for (const mutation of change.mutations) {
      const key = String(mutation.key);
      if (mutation.type === "set") entries.set(key, { value: n, version });
      else if (mutation.type === "delete") entries.delete(key);
      else count++;
    }
  }
  const stored = await Promise.all(KEYS.map((key) => kv.get<number>([key])));
  assert.deepEqual(stored.map(({ value }) => value), KEYS.map((key) => entries.get(key)?.value ?? null));
  assert.deepEqual((await kv.get<Deno.KvU64>(["count"])).value?.value ?? 0n, count);
}

Deno.test("changes at the same time come to the same as one after the other", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { maxLength: 14 }), (plans) => play(plans, [])),
    { numRuns: 150 },
  );
});

Deno.test("they do so when commits fail now and then: each change is written once or not at all", async () => {
  const fault = fc.option(fc.constantFrom(...FAULTS), { nil: undefined, freq: 2 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { maxLength: 14 }),
      fc.array(fault, { maxLength: 12 }),
      (plans, faults) => play(plans, [...faults]),
    ),
    { numRuns: 150 },
  );
});
