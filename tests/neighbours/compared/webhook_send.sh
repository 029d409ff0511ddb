#!/bin/bash
# What Debian's webhook runs for each notification: NAME, EMAIL and WORKSPACE are of its body.
set -euo pipefail
[[ -n ${EMAIL-} ]] || exit 0
jq -n '{name: env.NAME, email: env.EMAIL, timestamp: (now | floor | tostring), metadata: {workspace: env.WORKSPACE}}' |
  curl --silent --show-error --fail --max-time 10 --retry 3 --header "Authorization: Bearer $GETDX_API_KEY" \
    --header "Content-Type: application/json" --data-binary @- "$GETDX_API_URL" |
  jq --exit-status .ok
