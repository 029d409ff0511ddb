/**
 * Runs the tests of `lib/core` alone: `tests/<module>_test.ts` for each of its modules. They are of pure functions, so
 * they hold on every system; other tests start programs, send signals or look into `/proc`.
 */
const modules = namesIn("lib/core");
const tests = [...Deno.readDirSync("tests")].map(({ name }) => name)
  .filter((name) => modules.has(name.replace(/_test\.ts$/, ".ts"))).sort();
console.error(`The tests of ${tests.length} modules`);

const { code } = await new Deno.Command(Deno.execPath(), {
  // TZ: a test reads dates in several time zones.
  args: [
    ...["test", "--no-prompt", "--allow-read", "--allow-env=TZ"],
    ...tests.map((name) => `tests/${name}`),
  ],
}).spawn().status;
Deno.exit(code);

function namesIn(folder: string): Set<string> {
  return new Set(
    [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? [...namesIn(`${folder}/${name}`)] : name
    ),
  );
}
