/** Reads the manifests of deploy/kubernetes, and what the image is made of. */
import type { Container, Namespace, PodSpec, Secret, Service } from "kubernetes-types/core/v1";
import type { StatefulSet } from "kubernetes-types/apps/v1";
import type { Ingress, NetworkPolicy } from "kubernetes-types/networking/v1";
import { parseAllDocuments } from "yaml";
import { fileOf, read } from "../support/files.ts";

const FOLDER = "deploy/kubernetes";

/** The manifests, each with one document. `kubernetes_schema_test.ts` proves that they are of these types. */
export interface Manifests {
  readonly "ingress.yaml": Ingress;
  readonly "namespace.yaml": Namespace;
  readonly "network-policy.yaml": NetworkPolicy;
  readonly "secret.yaml": Secret;
  readonly "service.yaml": Service;
  readonly "statefulset.yaml": StatefulSet;
}

/** Every file of the folder with this ending. */
export function filesWith(ending: string): readonly string[] {
  return [...Deno.readDirSync(fileOf(FOLDER))].map(({ name }) => name).filter((name) => name.endsWith(ending))
    .sort();
}

/** A file of the folder. */
export function textOf(name: string): string {
  return read(`${FOLDER}/${name}`);
}

/**
 * The one document of a YAML text.
 *
 * @param version of YAML: kubectl goes by 1.1, where `no` is false and `0440` is octal, other tools by 1.2
 * @throws {Error} when it is not one document, a key is there twice, or something else is wrong
 */
export function parseOne(text: string, version: "1.1" | "1.2" = "1.2"): unknown {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true, version });
  const [document] = documents;
  if (!Array.isArray(documents) || documents.length !== 1 || document === undefined) {
    throw new Error(`one document expected, ${documents.length} found`);
  }
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS();
}

/** A manifest. */
export function manifest<Name extends keyof Manifests>(name: Name): Manifests[Name] {
  return parseOne(textOf(name)) as Manifests[Name];
}

/** The pod of the StatefulSet. */
export function pod(): PodSpec {
  const spec = manifest("statefulset.yaml").spec?.template.spec;
  if (spec === undefined) throw new Error("the StatefulSet has no pod");
  return spec;
}

/** The pod's only container. */
export function container(): Container {
  const { containers, initContainers = [] } = pod();
  if (containers.length !== 1 || initContainers.length > 0) throw new Error("one container expected");
  return containers[0]!;
}

/** The container's variables. */
export function variables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (container().env ?? []).map(({ name, value }) => {
      if (value === undefined) throw new Error(`${name} has no plain value`);
      return [name, value];
    }),
  );
}

/** The instructions of the image's last stage, as pairs of name and argument. */
export function image(): readonly (readonly [name: string, argument: string])[] {
  const dockerfile = read("Dockerfile");
  const lines = dockerfile.replace(/^\s*#.*\n/gm, "").replace(/\\\n/g, " ").split("\n");
  const instructions = lines.map((line) => /^([A-Z]+)\s+(.*?)\s*$/.exec(line)).filter((found) =>
    found !== null
  )
    .map(([, name, argument]) => [name!, argument!] as const);
  return instructions.slice(instructions.findLastIndex(([name]) => name === "FROM"));
}

/** Arguments of all instructions of this name in the image's last stage. */
export function imageHas(instruction: string): readonly string[] {
  return image().filter(([name]) => name === instruction).map(([, argument]) => argument);
}

/** The image's own variables. */
export function imageVariables(): Readonly<Record<string, string>> {
  const pairs = imageHas("ENV").flatMap((argument) => argument.match(/\w+=\S+/g) ?? []);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}
