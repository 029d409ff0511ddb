/** Adds up JUnit reports, given as arguments: prints `N passed, N failed`, and exits 1 unless every test ran and passed. */
let passed = 0;
let failed = 0;
let problems = 0;

for (const path of Deno.args) {
  const report = read(path);
  const total = /<testsuites .*tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(report);
  if (total === null) {
    complain(`${path} is missing or not a report: its tests did not run to their end`);
    continue;
  }
  const [tests = 0, failures = 0, errors = 0] = total.slice(1).map(Number);
  const skipped = report.match(/<skipped\b/g)?.length ?? 0;
  if (skipped > 0) complain(`${path}: ${skipped} tests were skipped`);
  failed += failures + errors;
  passed += tests - failures - errors - skipped;
}
if (passed === 0) complain("no test passed");
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed + problems > 0 ? 1 : 0);

function complain(problem: string): void {
  problems++;
  console.error(problem);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
