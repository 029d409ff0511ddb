import assert from "node:assert/strict";
import { denoRuntime } from "../../lib/runtime/deno.ts";
import { usageWith } from "../../lib/runtime/process_usage.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             63432                63432                processes
Max open files            SOFT                 524288               files
`;
const sources = {
  residentBytes: () => 1_000,
  // The folder itself is one of them while it is read.
  countEntries: (folder: string) => folder === "/proc/self/fd" ? 25 : assert.fail(folder),
  readText: (path: string) =>
    path === "/proc/self/limits" ? LIMITS.replace("SOFT", "1024") : assert.fail(path),
};

Deno.test("what the system tells is told: memory, descriptors and their limit, processor time", () => {
  const { cpuSeconds, ...rest } = usageWith(sources)();
  assert.deepEqual(rest, { residentBytes: 1_000, openDescriptors: 24, maxDescriptors: 1_024 });
  assert.ok(cpuSeconds! > 0 && cpuSeconds! < 100_000, `${cpuSeconds}`);
});

Deno.test("a limit that is none is told as such, and text that is no list of limits as nothing", () => {
  const limit = (text: string) => usageWith({ ...sources, readText: () => text })().maxDescriptors;
  assert.equal(limit(LIMITS.replace("SOFT", "unlimited")), Infinity);
  assert.equal(limit("something else"), undefined);
});

Deno.test("where nothing may be looked at, nothing is told", () => {
  const denied = () => {
    throw new Error("denied");
  };
  const { cpuSeconds: _, ...rest } = usageWith({
    residentBytes: denied,
    countEntries: denied,
    readText: denied,
  })();
  assert.deepEqual(rest, { residentBytes: undefined, openDescriptors: undefined, maxDescriptors: undefined });
});

Deno.test("this runtime tells memory and processor time without a permission of its own", () => {
  const { cpuSeconds, residentBytes } = denoRuntime(import.meta.url).usage();
  assert.ok(cpuSeconds! > 0);
  assert.ok(residentBytes! > 10_000_000);
});
