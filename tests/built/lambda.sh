#!/bin/bash
# lambda.sh FOLDER PORT API COMMAND…: runs a command as Lambda runs an image's, with the Web Adapter as its extension.
# FOLDER is what 'build.sh lambda' made; the emulator takes invocations at PORT of 127.0.0.1. Needs root, for an /opt of
# its own: that is where extensions are looked for.
set -euo pipefail
[[ ${LAMBDA_INSIDE-} == yes ]] || LAMBDA_INSIDE=yes exec unshare --mount "$BASH" "$0" "$@"
unset LAMBDA_INSIDE
folder=$1 port=$2 api=$3
shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs /opt
install -D -m 755 "$folder/bin/lambda-adapter" /opt/extensions/lambda-adapter
exec "$folder/aws-lambda-rie" --runtime-interface-emulator-address "127.0.0.1:$port" \
  --runtime-api-address "127.0.0.1:$api" --log-level error "$@"
