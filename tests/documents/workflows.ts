/** The workflows in `.github/workflows`, as far as tests read them. */
import { parse } from "yaml";
import { fileOf, read } from "../support/files.ts";

/** Of what a token may do: `read` or `write`, by kind. */
export type Permissions = Readonly<Record<string, string>>;

/** One step of a job. */
export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

/** One job. With `uses` it is another workflow. */
export interface Job {
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly permissions?: Permissions;
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number;
  readonly strategy?: {
    readonly matrix: {
      readonly runner?: readonly string[];
      readonly include?: readonly { readonly target: string; readonly runner: string }[];
    };
  };
  readonly steps?: readonly Step[];
}

/** A workflow, with the file's text. */
export interface Workflow {
  readonly text: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Permissions;
  readonly concurrency?: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Every workflow, by file name. */
export function workflows(): ReadonlyMap<string, Workflow> {
  const files = [...Deno.readDirSync(fileOf(".github/workflows"))].map(({ name }) => name).sort();
  return new Map(files.map((name) => {
    const text = read(`.github/workflows/${name}`);
    return [name, { ...parse(text), text }];
  }));
}

/** Every step of every workflow, with where it stands. */
export function steps(): readonly { readonly where: string; readonly step: Step }[] {
  return [...workflows()].flatMap(([file, { jobs }]) =>
    Object.entries(jobs).flatMap(([job, { steps = [] }]) =>
      steps.map((step) => ({ where: `${file}: ${job}: ${step.name ?? step.uses ?? step.run}`, step }))
    )
  );
}
