/**
 * Stand-ins for the two base images, which a machine without a way to their registries cannot have: Deno with a shell,
 * and a root with nothing but the libraries of distroless `cc`.
 */
import { succeed } from "../support/process.ts";
import type { Buildah } from "./buildah.ts";

/** Names that the Dockerfile's build arguments are given. */
export const BASES = { BUILD_IMAGE: "localhost/stand-in-deno", RUN_IMAGE: "localhost/stand-in-cc" };

/** The Deno that compiles: `DENO`, with the base of compiled programs in `DENORT_BIN`, else the one that runs the tests. */
export const compiler = Deno.env.get("DENO") || Deno.execPath();
const denort = Deno.env.get("DENORT_BIN");

/** What of Deno's executables distroless `cc` brings: packages libc6 and libgcc-s1. */
const CC_LIBRARIES = /\/(ld-linux-[^/]+|libc|libm|libdl|librt|libpthread|libgcc_s)\.so\.\d+$/;

/** Makes both; `folder` is for what they are made from. */
export async function makeBases(buildah: Buildah, folder: string): Promise<void> {
  await makeBuildBase(buildah, `${folder}/deno`);
  await makeRunBase(buildah, `${folder}/cc`);
}

async function makeBuildBase(buildah: Buildah, root: string): Promise<void> {
  for (const path of ["bin", "usr/bin", "tmp"]) await Deno.mkdir(`${root}/${path}`, { recursive: true });
  for (const tool of ["/bin/sh", "/bin/cat", "/bin/mkdir", "/bin/rm"]) {
    await copy(tool, `${root}${tool}`);
    for (const library of await librariesOf(tool)) await copy(library, `${root}${library}`);
  }
  await copy(compiler, `${root}/usr/bin/deno`);
  for (const library of await librariesOf(compiler)) await copy(library, `${root}${library}`);
  if (denort !== undefined) await copy(denort, `${root}/denort`);
  for (const part of ["npm", "dl"]) await copyCache(part, `${root}/deno-dir`);
  const registry = Deno.env.get("NPM_CONFIG_REGISTRY"); // packages are filed under it
  await buildah.imageOf(root, BASES.BUILD_IMAGE, [
    ...["--env", "PATH=/usr/bin:/bin", "--env", "DENO_DIR=/deno-dir/"],
    ...(denort === undefined ? [] : ["--env", "DENORT_BIN=/denort"]),
    ...(registry === undefined ? [] : ["--env", `NPM_CONFIG_REGISTRY=${registry}`]),
  ]);
}

async function makeRunBase(buildah: Buildah, root: string): Promise<void> {
  for (const path of ["dev", "etc", "home/nonroot", "proc", "sys", "tmp", "usr/share/doc"]) {
    await Deno.mkdir(`${root}/${path}`, { recursive: true });
  }
  await Deno.writeTextFile(
    `${root}/etc/passwd`,
    "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  );
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\nnonroot:x:65532:\n");
  for (const library of await librariesOf(compiler)) {
    if (CC_LIBRARIES.test(library)) await copy(library, `${root}${library}`);
  }
  // Without the user that distroless "nonroot" has: the Dockerfile must set it. The rest as there.
  await buildah.imageOf(root, BASES.RUN_IMAGE, [
    ...["--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ...["--env", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "--workingdir", "/home/nonroot"],
  ]);
}

/** Paths of the libraries that a program is linked to. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const linked = await succeed(["ldd", program]);
  return [...linked.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
}

/** Deno's downloads, so that the build needs no network. */
async function copyCache(part: string, to: string): Promise<void> {
  const { denoDir } = JSON.parse(await succeed([compiler, "info", "--json"]));
  await Deno.mkdir(to, { recursive: true });
  await succeed(["cp", "--recursive", `${denoDir}/${part}`, to]).catch((cause) => {
    const remedy = "run 'deno install' and 'deno task compile' first";
    throw new Error(`Deno's cache lacks what the build needs: ${remedy}`, { cause });
  });
}
