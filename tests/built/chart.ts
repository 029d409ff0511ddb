/** The Helm chart, and what Helm makes of it. */
import { parseAllDocuments } from "yaml";
import { fileOf } from "../support/files.ts";
import { type Ended, run } from "../support/process.ts";
import { built } from "./built.ts";

/** Where the chart is. */
export const CHART = fileOf("deploy/helm/coder-platformx");

/** The namespace of every recipe. */
export const NAMESPACE = "coder-platformx";

/** A version of Kubernetes, for `helm template`: built as here, Helm takes it for 1.20. */
export const KUBE = "--kube-version=1.34.4";

/** What has to be set. */
export const NEEDED = [
  "image.repository=ghcr.io/your-organisation/coder-platformx",
  "existingSecret=coder-platformx",
];

/** What makes it the recipe with PostgreSQL. */
export const POSTGRES = ["outbox=postgres", "replicas=2"];

/** An object of Kubernetes, as far as it is looked at. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [key: string]: unknown;
}

/** Runs `helm`. */
export async function helm(args: readonly string[]): Promise<Ended> {
  const program = `${await built("helm")}/helm`;
  // Wherever it would keep something, there is nothing.
  return await run([program, ...args], { environment: { HOME: "/nowhere", PATH: "/usr/bin" } });
}

/** Arguments for values: a text as it is, or JSON after `:=`. */
export function set(values: readonly string[]): string[] {
  return values.flatMap((value) => {
    const [, name, json] = /^([^=]*):=([^]*)$/.exec(value) ?? [];
    return name === undefined ? ["--set", value] : ["--set-json", `${name}=${json}`];
  });
}

/** What `helm template` prints for values beside those that are needed. @throws {Error} what it said, if it failed */
export async function rendered(values: readonly string[] = [], release = "coder-platformx"): Promise<string> {
  const args = ["template", release, CHART, KUBE, "--namespace", NAMESPACE, ...set([...NEEDED, ...values])];
  const { code, stdout, stderr } = await helm(args);
  if (code !== 0 || stderr !== "") throw new Error(stderr);
  return stdout;
}

/** The objects in a text, by their kinds; as a reader of YAML 1.1, which kubectl and Helm are. */
export function objectsIn(text: string): Readonly<Record<string, Manifest>> {
  const objects = parseAllDocuments(text, { version: "1.1", uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Manifest;
  });
  const byKind = Object.fromEntries(objects.map((object) => [object.kind, object]));
  if (Object.keys(byKind).length !== objects.length) throw new Error(`a kind is there twice:\n${text}`);
  return byKind;
}
