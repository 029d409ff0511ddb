# The image of coder-platformx. How to build and run it: deploy/container/README.md

# A mirror, a newer version or a digest goes in by --build-arg. To run it takes glibc and libgcc, which distroless "cc" has
# and "static", "base" and Alpine lack. Not below Deno 2.9.2: executables of 2.9.0 and 2.9.1 crash under gVisor.
ARG BUILD_IMAGE=deno
ARG RUN_IMAGE=cc

# The two by default, as stages: Dependabot finds versions in FROM only. Builders leave out the one that is not used.
FROM --platform=${BUILDPLATFORM:-linux/amd64} docker.io/denoland/deno:2.9.6 AS deno
FROM gcr.io/distroless/cc-debian13:nonroot AS cc

# Deno compiles for other processors, so the build never runs under emulation. The default is for builders that do not
# set the variable.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${BUILD_IMAGE} AS build
# No default here: in BuildKit it would win over the platform that is built for.
ARG TARGETARCH

# An empty program: the bundler and the base of compiled programs, which are large, get a layer that lasts until the
# base image changes.
WORKDIR /empty
RUN case "${TARGETARCH:-amd64}" in \
      amd64) echo x86_64-unknown-linux-gnu ;; \
      arm64) echo aarch64-unknown-linux-gnu ;; \
      *) echo "Deno does not compile for '$TARGETARCH'" >&2; exit 1 ;; \
    esac > /target \
 && echo > main.js \
 && deno bundle --quiet --output bundle.js main.js \
 && deno compile --quiet --target "$(cat /target)" --output program bundle.js \
 && rm program

# The packages' layer lasts until deno.json or deno.lock change.
WORKDIR /src
COPY deno.json deno.lock ./
RUN deno install --frozen

COPY . .
RUN deno task compile --target "$(cat /target)" && mkdir data

# The version stands in deno.json; a builder that is told one is held to it.
ARG VERSION=unreleased
RUN deno eval 'const { version } = JSON.parse(Deno.readTextFileSync("deno.json")); \
      if (Deno.args[0] !== version && Deno.args[0] !== "unreleased") throw "VERSION must be " + version' "$VERSION"

FROM ${RUN_IMAGE}
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="coder-platformx" \
      org.opencontainers.image.description="Forwards Coder's notifications to DX PlatformX" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT"
# Owned by root: the service cannot change its own program.
COPY --from=build --chown=0:0 /src/build/coder-platformx /coder-platformx
# What the licences of its parts ask for.
COPY LICENSE THIRD_PARTY_LICENSES /usr/share/doc/coder-platformx/
# A new volume mounted here takes over the owner. No VOLUME: hosts without a disk use the same image, without OUTBOX.
COPY --from=build --chown=65532:65532 /src/data /data
# V8 would go by the machine's memory; with this it goes by the container's limit: half of it, but at least 256 MiB.
ENV DENO_USE_CGROUPS=1
# By number, so that Kubernetes can check runAsNonRoot.
USER 65532:65532
# Not the base image's home: settings are read from .env in the working directory, and here is none.
WORKDIR /
EXPOSE 8080
# healthcheck gives up after 5 s by itself, and says why.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
  CMD ["/coder-platformx", "healthcheck"]
# As process 1 it takes SIGTERM itself, and it starts no other program, so no init is needed.
ENTRYPOINT ["/coder-platformx"]
