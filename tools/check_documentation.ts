/**
 * `deno doc --lint` over the service, without the findings that only matter to a published library: properties, members
 * of interfaces and constructors, whose names and types may say it all, need no JSDoc, and an exported type may be
 * derived from a private value.
 */
const NOT_WANTED = [
  /^error\[private-type-ref\]/,
  /^error\[missing-(return|explicit)-type\]/,
  // The source line follows its number and a bar: `29 |   override readonly name = "ListenError";`
  /^error\[missing-jsdoc\].*?^\d+ \| +(override |readonly |constructor\(|[^\n]*;\n)/ms,
];

const files = ["main.ts", ...modulesIn("lib")];
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--quiet", "--lint", ...files],
  env: { NO_COLOR: "1" },
  stdout: "null",
}).output();
const report = new TextDecoder().decode(stderr);
const findings = report.split(/^(?=error)/m).filter((part) => /^error\[/.test(part));
const announced = Number(/Found (\d+) documentation lint error/.exec(report)?.[1] ?? 0);
const understood = findings.length === announced && (code !== 0) === (announced > 0);
const wanted = findings.filter((finding) => !NOT_WANTED.some((pattern) => pattern.test(finding)));

if (!understood) console.error(report);
for (const finding of wanted) console.error(finding.trimEnd(), "\n");
console.error(`Documentation of ${files.length} files: ${wanted.length} problems`);
Deno.exit(understood && wanted.length === 0 ? 0 : 1);

function modulesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return modulesIn(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}
