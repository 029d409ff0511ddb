/** The project's own files. Paths are from its top folder. */
import { fileURLToPath } from "node:url";

/** Where a file or folder is. */
export function fileOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** A text file. */
export function read(path: string): string {
  return Deno.readTextFileSync(fileOf(path));
}

/** Whether there is such a file or folder. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(fileOf(path));
    return true;
  } catch {
    return false;
  }
}

/** Every file below a folder. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(fileOf(folder))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : `${folder}/${name}`
  );
}
