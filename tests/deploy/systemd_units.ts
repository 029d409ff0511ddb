/** The unit of deploy/systemd and its drop-ins, read as systemd reads them. */
import { fileOf } from "../support/files.ts";

/** The unit's name. */
export const UNIT = "coder-platformx.service";

/** The administrator's command. */
export const ADMIN = "coder-platformx-admin";

/** The drop-ins, in the order in which systemd reads them. */
export const DROP_INS = ["50-tls.conf", "60-port-443.conf"] as const;

/** Text of a file in deploy/systemd. */
export const systemdFile = (name: string): Promise<string> =>
  Deno.readTextFile(fileOf(`deploy/systemd/${name}`));

/** Every value of a key, in order. Comments and sections are left out. */
export function valuesOf(text: string, key: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith(`${key}=`)).map((line) =>
    line.slice(key.length + 1)
  );
}

/** The variables that `Environment=` sets; none of the values here holds a space. */
export function environmentOf(...texts: readonly string[]): ReadonlyMap<string, string> {
  const words = texts.flatMap((text) => valuesOf(text, "Environment")).flatMap((value) => value.split(" "));
  return new Map(words.map((word) => {
    const at = word.indexOf("=");
    return [word.slice(0, at), word.slice(at + 1)];
  }));
}

/** The files that `LoadCredential=` hands over, by the names the service finds them under. */
export function credentialsOf(...texts: readonly string[]): ReadonlyMap<string, string> {
  const pairs = texts.flatMap((text) => valuesOf(text, "LoadCredential")).map((value) => value.split(":"));
  return new Map(pairs.map(([name = "", file = ""]) => [name, file]));
}

/** Puts the unit and drop-ins into a folder of units; `executable` stands in for the installed one. */
export async function installIn(
  folder: string,
  { dropIns = [], executable }: { readonly dropIns?: readonly string[]; readonly executable?: string } = {},
): Promise<void> {
  await Deno.mkdir(`${folder}/${UNIT}.d`, { recursive: true });
  const unit = await systemdFile(UNIT);
  const [installed = ""] = valuesOf(unit, "ExecStart");
  const text = executable === undefined ? unit : unit.replace(installed, executable);
  await Deno.writeTextFile(`${folder}/${UNIT}`, text);
  for (const name of dropIns) {
    await Deno.writeTextFile(`${folder}/${UNIT}.d/${name}`, await systemdFile(name));
  }
}
