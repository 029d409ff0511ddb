// Imported without effect: the test run fetches what it is about, and the schemas that lie beside it.
import "../../main.ts";
import "@cyclonedx/cyclonedx-library/package.json" with { type: "json" };
import { Ajv, type ValidateFunction } from "ajv";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { filesIn, read } from "../support/files.ts";
import { type Ended, run } from "../support/process.ts";
import {
  type BundledPackage,
  bundledPackages,
  graphOf,
  type Lock,
  nameAndVersion,
} from "../../tools/bundled_packages.ts";
import { type Ingredients, sbomDocument } from "../../tools/sbom_document.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOCK: Lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));

/** What the tests read of a bill of materials. */
interface Bom {
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly {
    readonly license: { readonly id: string; readonly text?: { readonly content: string } };
  }[];
}

/** What `deno task release sbom` does. */
function runSbom(epoch: string): Promise<Ended> {
  const allowed = ["--no-prompt", "--allow-read", "--allow-env=SOURCE_DATE_EPOCH", "--allow-run"];
  const task = [Deno.execPath(), "run", ...allowed, "tools/sbom.ts"];
  const environment = { ...Deno.env.toObject(), SOURCE_DATE_EPOCH: epoch, NO_COLOR: "1" };
  return run(task, { cwd: ROOT, environment });
}

/** CycloneDX's own schema of 1.6, with the two that it refers to. */
async function officialSchema(): Promise<ValidateFunction> {
  const { npmPackages } = await graphOf(fileURLToPath(import.meta.url));
  const library = Object.values(npmPackages).find(({ name }) => name === "@cyclonedx/cyclonedx-library");
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(`${library?.localPath}/res/schema/${name}.SNAPSHOT.schema.json`));
  // The schema uses words of its own and formats that ajv alone does not know.
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // It refers to the others by their files' names, not by their own identifiers.
  for (const name of ["spdx", "jsf-0.82"]) {
    ajv.addSchema(await read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(await read("bom-1.6"));
}

const IMPORT = /(?:^(?:import|export)\s(?:[\w\s{},*]*\sfrom\s)?|\bimport\()"([^"]+)"/gm;

/** Names of packages in the service's import statements. */
function importedPackages(): Set<string> {
  const names = new Set<string>();
  for (const path of ["main.ts", ...filesIn("lib")]) {
    for (const [, from = ""] of read(path).matchAll(IMPORT)) {
      // "zod/mini" is a part of the package "zod".
      if (!/^(\.|node:)/.test(from)) names.add(/^(?:@[^/]+\/)?[^/]+/.exec(from)![0]);
    }
  }
  return names;
}

Deno.test("the bill of materials of the service", async (t) => {
  const { code, stdout, stderr } = await runSbom("1767225600");
  assert.deepEqual([code, stderr], [0, ""]);
  const bom: Bom = JSON.parse(stdout);
  const libraries = bom.components.filter(({ type }) => type === "library");
  const validate = await officialSchema();

  await t.step("is CycloneDX 1.6 by its official schema", () => {
    assert.ok(validate(bom), JSON.stringify(validate.errors));
  });
  await t.step("which would refuse another licence or hash", () => {
    assert.equal(validate(JSON.parse(stdout.replaceAll('"Apache-2.0"', '"Apache-2"'))), false);
    assert.equal(validate(JSON.parse(stdout.replace(/"content": "[0-9a-f]/, '"content": "x'))), false);
  });
  await t.step("is about this version, at the given time", () => {
    const { name, version } = bom.metadata.component;
    assert.deepEqual([name, version], [manifest.name, manifest.version]);
    assert.equal(bom.metadata.timestamp, "2026-01-01T00:00:00.000Z");
  });
  await t.step("names every package that the service imports, and what they bring", () => {
    const brought = libraries.map(({ name }) => name).filter((name) => !importedPackages().has(name));
    assert.equal(libraries.length - brought.length, importedPackages().size);
    assert.deepEqual(
      brought.filter((name) => !/^(pg|pg-\w+(-\w+)?|pgpass|postgres-\w+|split2|xtend)$/.test(name)),
      [],
    );
  });
  await t.step("has the versions and hashes of the lock file", () => {
    for (const { name, version, hashes = [], purl } of libraries) {
      const bytes = Uint8Array.fromHex(hashes[0]!.content);
      // With its peers behind it, where it has some.
      const id = Object.keys(LOCK.npm).find((id) => id.split("_")[0] === `${name}@${version}`) ?? name;
      assert.equal(`sha512-${bytes.toBase64()}`, LOCK.npm[id]?.integrity, name);
      assert.equal(decodeURIComponent(purl!), `pkg:npm/${name}@${version}`);
    }
  });
  await t.step("carries the licences' texts", () => {
    const licences = libraries.map(({ name, licenses: [{ license } = assert.fail()] }) => {
      assert.match(license.text?.content ?? "", /copyright/i, name);
      return [name, license.id];
    });
    const others = licences.filter(([, id]) => id !== "MIT" && id !== "ISC");
    assert.deepEqual(Object.fromEntries(others), { "@opentelemetry/api": "Apache-2.0" });
  });
  await t.step("names the runtime", () => {
    const [runtime] = bom.components.filter(({ type }) => type !== "library");
    assert.deepEqual([runtime?.type, runtime?.name, runtime?.version], [
      "platform",
      "deno",
      Deno.version.deno,
    ]);
  });
});

Deno.test("a time that is none ends with exit code 2, and the rule", async () => {
  const { code, stdout, stderr } = await runSbom("yesterday");
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /SOURCE_DATE_EPOCH must be seconds since 1970: current value is 'yesterday'/);
});

Deno.test("a package that the lock file does not vouch for is refused", async (t) => {
  const rows: [what: string, lock: Lock][] = [
    ["nothing is locked", { npm: {} }],
    ["an old kind of hash", {
      npm: Object.fromEntries(Object.keys(LOCK.npm).map((id) => [id, { integrity: "sha1-AAAA" }])),
    }],
  ];
  for (const [what, lock] of rows) {
    await t.step(what, async () => {
      await assert.rejects(bundledPackages(`${ROOT}main.ts`, lock), /no SHA-512 in the lock file/);
    });
  }
});

Deno.test("packages that a package brings are found, and told from those that are imported", async () => {
  const packages = await bundledPackages(fileURLToPath(import.meta.url), LOCK);
  const ajv = packages.find(({ name }) => name === "ajv");
  assert.deepEqual([ajv?.direct, ajv?.dependencies.length], [true, 4]);
  for (const id of ajv!.dependencies) {
    assert.equal(packages.find((each) => nameAndVersion(each) === id)?.direct, false, id);
  }
});

Deno.test("a module that is not there is refused", async () => {
  await assert.rejects(bundledPackages(`${ROOT}missing.ts`, LOCK), /missing\.ts/);
});

const INGREDIENTS: Ingredients = {
  name: "service",
  version: "1.2.3",
  licence: "MIT",
  deno: "2.9.6",
  packages: [
    { ...packageNamed("@scope/outer", "1.0.0"), direct: true, dependencies: ["inner@2.0.0"] },
    { ...packageNamed("inner", "1.0.0"), direct: true, licence: "MIT OR Apache-2.0" },
    packageNamed("inner", "2.0.0"),
  ],
};

function packageNamed(name: string, version: string): BundledPackage {
  const sha512 = "0".repeat(128);
  return { name, version, sha512, licence: "MIT", licenceText: "Copyright", direct: false, dependencies: [] };
}

Deno.test("packages of packages, two versions of one and a choice of licences stay what they are", async (t) => {
  const validate = await officialSchema();
  assert.ok(validate(sbomDocument(INGREDIENTS)), JSON.stringify(validate.errors));
  await t.assertSnapshot(sbomDocument(INGREDIENTS));
});

Deno.test("a package that needs one that is not there is refused", () => {
  const packages = INGREDIENTS.packages.slice(0, 2);
  assert.throws(() => sbomDocument({ ...INGREDIENTS, packages }), /inner@2\.0\.0/);
});
