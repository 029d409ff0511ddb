/** Images, made and looked at by Debian's `buildah` with a storage of its own. */
import { needs, succeed } from "../support/process.ts";

/** What of an image's configuration is asserted on, in Docker's names. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[] | null;
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Volumes?: Readonly<Record<string, unknown>> | null;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

/** Milliseconds that a command may take: a build copies some 300 MB several times. */
const PATIENCE = 300_000;

/** A storage for images, and what `buildah` does with it. */
export class Buildah {
  readonly #folder: string;

  /** @param folder where images and containers go */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Runs a subcommand and returns what it prints.
   *
   * Without a network, so that nothing but the stand-ins goes into an image; the storage driver and the isolation are
   * those that need nothing of the machine but root.
   *
   * @throws {Error} when it fails; the message holds what it said
   */
  async do(subcommand: string, ...args: readonly string[]): Promise<string> {
    await needs("buildah", "install Debian's package buildah");
    const storage = [
      ...["--storage-driver", "vfs", "--root", `${this.#folder}/root`, "--runroot", `${this.#folder}/run`],
    ];
    const commandLine = ["unshare", "--net", "buildah", ...storage, subcommand, ...args];
    return (await succeed(commandLine, { patience: PATIENCE })).trim();
  }

  /** Makes an image whose only layer is a folder. */
  async imageOf(folder: string, name: string, config: readonly string[]): Promise<void> {
    const container = await this.do("from", "scratch");
    await this.do("copy", "--quiet", container, folder, "/");
    await this.do("config", ...config, container);
    await this.do("commit", "--quiet", "--rm", container, name);
  }

  /** Builds from a Dockerfile and its folder. */
  build(context: string, name: string, args: Readonly<Record<string, string>>): Promise<string> {
    return this.do(
      "bud",
      ...["--isolation", "chroot", "--format", "docker", "--pull-never", "--tag", name],
      ...Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
      context,
    );
  }

  /** An image's configuration. */
  async configOf(name: string): Promise<ImageConfig> {
    const { Docker } = JSON.parse(await this.do("inspect", "--type", "image", name));
    return Docker.config;
  }

  /** Puts the files of an image into a folder, with owners and modes. */
  async unpack(name: string, folder: string): Promise<void> {
    const container = await this.do("from", "--pull-never", name);
    const mounted = await this.do("mount", container);
    await succeed(["cp", "--archive", mounted, folder]);
    await this.do("rm", container);
  }
}
