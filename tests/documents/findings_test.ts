/** Each finding says what it is, when it was seen and with what, and runs by itself. */
import assert from "node:assert/strict";
import { fileOf, filesIn, read } from "../support/files.ts";
import { succeed } from "../support/process.ts";

const FILES = filesIn("findings").toSorted();

/** The comment at the top, and what is run. */
const HEADER = /^#!\/bin\/sh\n((?:#.*\n)+)set -eu\n([^]*)$/;

/** What the header holds, in this order. */
const PARTS = new RegExp(
  [
    /^# \S.+\.$/, // the finding in one sentence
    /^#$/,
    /^# Version: .*\d+\.\d+\.\d+[^]+\.$/,
    /^# Behaviour: [^]+\.$/,
    /^# Seen on 20\d\d-\d\d-\d\d:\n(?:# {3}\S.*\n)*# {3}\S.*$/,
    /^# Exits 1 if this changes\.$/,
  ].map(({ source }) => source.replace(/^\^|\$$/g, "")).join("\n") + "\n$",
);

/** What is installed: by npm into the script's own folder, or unpacked there from Debian. */
const INSTALLED = /(?:npm install|apt-get download) (?:-\S+ )*([^>\\]+)/g;
const PINNED = /^(?:@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(?:-[\w.]+)?$|^[\w.-]+=\d[\w.+~:-]*$/;

Deno.test("there are findings, each a script that the shell can read", async () => {
  assert.ok(FILES.length >= 3);
  for (const file of FILES) {
    assert.match(file, /\/[a-z][a-z0-9_]+\.sh$/);
    await succeed(["sh", "-n", fileOf(file)]);
    assert.equal(Deno.statSync(fileOf(file)).mode! & 0o111, 0o111, `${file} is no program`);
  }
});

for (const file of FILES) {
  Deno.test(`${file}: version, behaviour, what was seen and when; pinned packages in a folder of its own`, () => {
    const [, header = "", script = ""] = HEADER.exec(read(file)) ?? [];
    assert.match(header, PARTS);
    const packages = [...script.matchAll(INSTALLED)].flatMap(([, names]) => names!.trim().split(/\s+/));
    assert.notDeepEqual(packages, []);
    for (const name of packages) {
      assert.match(name, PINNED);
      const version = /[@=](\d+\.\d+\.\d+)[^@=]*$/.exec(name)![1]!;
      assert.ok(header.includes(version), `the header does not name ${version} of ${name}`);
    }
    assert.match(script, /folder=\$\(mktemp -d\).*\ntrap '.*rm -rf "\$folder"' EXIT\ncd "\$folder"\n/);
    assert.match(script, /\nsed -n 's\/\^# {3}\/\/p' "\$script" \| diff - seen\n$/);
    assert.doesNotMatch(header + script, /\/(?:work|root|home)\b|coder-platformx|GETDX_|\bsudo\b/);
  });
}
