#!/usr/bin/env bash
# install.sh: what a user could take instead, in pinned versions, into build/neighbours/compared. Needs npm, a quarter of
# an hour for n8n, and Debian's packages webhook, jq, curl and postgresql.
set -euo pipefail
cd "$(dirname "$0")/../../.."
for tool in webhook jq curl runuser; do
  command -v $tool >/dev/null || { echo "'$tool' is missing: apt-get install webhook jq curl postgresql" >&2; exit 1; }
done
install() {
  mkdir -p "build/neighbours/compared/$1"
  cd "build/neighbours/compared/$1"
  [[ -e package.json ]] || npm init --yes >/dev/null
  npm install --no-audit --no-fund "${@:2}"
  cd - >/dev/null
}
install node node@24.21.0
PATH=$PWD/build/neighbours/compared/node/node_modules/.bin:$PATH
install node_red node-red@5.0.7
# Its database here is PostgreSQL: the native parts for SQLite are not built.
install n8n --ignore-scripts n8n@2.40.7
