import { type BundledPackage, nameAndVersion } from "./bundled_packages.ts";

/** What an executable is made of. */
export interface Ingredients {
  readonly name: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** Version of Deno, which is most of the executable. */
  readonly deno: string;
  readonly packages: readonly BundledPackage[];
  /** Seconds since 1970; without it the document has no time. */
  readonly time?: number | undefined;
}

/**
 * The bill of materials in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). The same ingredients make the same
 * document, so it has no serial number. The packages' licence texts are in it, because their terms ask for them
 * wherever the executable goes.
 */
export function sbomDocument({ name, version, licence, deno, packages, time }: Ingredients): object {
  const service = `${name}@${version}`;
  const runtime = `pkg:github/denoland/deno@v${deno}`;
  const urls = new Map(packages.map((each) => [nameAndVersion(each), urlOf(each)]));
  const refOf = (id: string) => urls.get(id) ?? missing(id);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      ...(time === undefined ? {} : { timestamp: new Date(time * 1000).toISOString() }),
      component: { type: "application", "bom-ref": service, name, version, licenses: declared(licence) },
    },
    components: [
      {
        type: "platform",
        "bom-ref": runtime,
        name: "deno",
        version: deno,
        description: "The runtime. What it is made of in turn is not listed here.",
        licenses: declared("MIT"),
        purl: runtime,
      },
      ...packages.map((each) => ({
        type: "library",
        "bom-ref": urlOf(each),
        name: each.name,
        version: each.version,
        hashes: [{ alg: "SHA-512", content: each.sha512 }],
        licenses: declared(each.licence, each.licenceText),
        purl: urlOf(each),
      })),
    ],
    dependencies: [
      { ref: service, dependsOn: [runtime, ...packages.filter(({ direct }) => direct).map(urlOf)] },
      { ref: runtime },
      ...packages.map((each) => ({ ref: urlOf(each), dependsOn: each.dependencies.map(refOf) })),
    ],
    compositions: [{ aggregate: "incomplete", dependencies: [runtime] }],
  };
}

/** Package URL (https://github.com/package-url/purl-spec): the at sign of a scope is encoded. */
function urlOf({ name, version }: BundledPackage): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

function declared(licence: string, text?: string): object[] {
  const acknowledgement = "declared";
  if (/\s/.test(licence)) return [{ expression: licence, acknowledgement }];
  const texts = text === undefined ? {} : { text: { contentType: "text/plain", content: text } };
  return [{ license: { id: licence, acknowledgement, ...texts } }];
}

function missing(id: string): never {
  throw new Error(`${id} is needed by a package, but is none of them`);
}
