/**
 * The measurements behind the README's numbers, one after the other: steps, load, start. Some five minutes; exits 1
 * when a goal was missed in one of them.
 */
const PARTS = [
  "bench:core",
  "bench:load",
  "bench:start",
];

const missed: string[] = [];
for (const part of PARTS) {
  console.log(`\n## deno task ${part}\n`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", part],
    stdin: "null",
  })
    .spawn().status;
  if (!success) missed.push(part);
}
console.log(
  missed.length === 0 ? "\nAll goals are met." : `\nNot all goals are met: see ${missed.join(", ")}.`,
);
Deno.exit(missed.length === 0 ? 0 : 1);
