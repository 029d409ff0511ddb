/** Runs what is in an image as a container runtime does, by Debian's `bubblewrap`. */
import { type Ended, needs, run, succeed } from "../support/process.ts";
import type { Environment } from "../support/program.ts";
import { type Program, startProgram } from "../support/service.ts";
import type { ImageConfig } from "./buildah.ts";

/** An image, unpacked. */
export interface Unpacked {
  readonly config: ImageConfig;
  /** Its files. */
  readonly root: string;
}

/** What `docker run` would be told. */
export interface ContainerOptions {
  /** `--env` */
  readonly settings?: Environment;
  /** `--volume FOLDER:/data` */
  readonly volume?: string;
  /** Another program in the place of the image's. */
  readonly program?: string;
  /** More options of bubblewrap. */
  readonly more?: readonly string[];
}

/**
 * The command line of a container with the image's user, environment, working directory and entry point: as process 1,
 * without capabilities, on a read-only root, and in the machine's network. It tells the process's id as
 * `"child-pid": N`.
 */
export async function containerOf(
  { config, root }: Unpacked,
  args: readonly string[],
  { settings = {}, volume, program, more = [] }: ContainerOptions = {},
): Promise<readonly string[]> {
  await needs("setpriv", "install Debian's package util-linux");
  await needs("bwrap", "install Debian's package bubblewrap");
  const [user = "", group = ""] = config.User.split(":");
  const variables = [...config.Env.map((entry) => entry.split(/=(.*)/s)), ...Object.entries(settings)];
  return [
    ...["sh", "-c", 'exec "$@" 3>&1', "sh"], // a copy, as bubblewrap closes what it tells the id on
    ...["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--bounding-set=-all"],
    ...["bwrap", "--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--as-pid-1"],
    ...["--info-fd", "3", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/sys"],
    ...(volume === undefined ? [] : ["--bind", volume, "/data"]),
    ...(program === undefined ? [] : ["--ro-bind", program, config.Entrypoint[0]!]),
    ...more,
    ...["--chdir", config.WorkingDir || "/", "--clearenv"],
    ...variables.flatMap(([name = "", value = ""]) => ["--setenv", name, value]),
    ...["--", ...config.Entrypoint, ...args],
  ];
}

/** Starts the service in a container; it listens when this has settled. */
export async function startIn(image: Unpacked, options: ContainerOptions): Promise<Program> {
  const commandLine = await containerOf(image, [], options);
  return await startProgram({ directory: "/", wrap: () => commandLine });
}

/** Runs a command in a container to its end. */
export async function runIn(
  image: Unpacked,
  args: readonly string[],
  options?: ContainerOptions,
): Promise<Ended> {
  return await run(await containerOf(image, args, options));
}

/** A volume as Docker makes it: it takes over the image's folder, its owner and mode included. */
export async function newVolume(folder: string, { root }: Unpacked): Promise<string> {
  const parent = await Deno.makeTempDir({ dir: folder });
  await Deno.chmod(parent, 0o755);
  await succeed(["cp", "--archive", `${root}/data`, parent]);
  return `${parent}/data`;
}

/** What a root file system holds: path to kind, mode and owner, and the size of what is not a folder. */
export async function filesIn(root: string): Promise<ReadonlyMap<string, string>> {
  const folders = ["(", "-type", "d", "-printf", "/%P %y %m %U:%G\\n", ")"];
  const found = await succeed(["find", root, ...folders, "-o", "-printf", "/%P %y %m %U:%G %s\\n"]);
  return new Map(
    found.trim().split("\n").map((line) => [line.replace(/ .*/, ""), line.replace(/^\S+ /, "")]),
  );
}
