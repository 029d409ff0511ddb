#!/usr/bin/env bash
# build.sh WORD: builds a neighbour of the service from its published source, in pinned versions, into
# build/neighbours/WORD, if it is not there: collector (5 minutes on two cores), lambda (3), kubernetes (8), helm (3).
# Needs Go 1.25 or later (helm: 1.26, which older ones fetch), and for lambda Rust 1.88 or later. Remove the folder to
# build anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$PWD/build/neighbours/$1
[[ ! -e $folder/done ]] || exit 0
for tool in go cargo; do
  [[ $tool == cargo && $1 != lambda ]] || command -v $tool >/dev/null ||
    { echo "'$tool' is missing, without which $1 cannot be built" >&2; exit 1; }
done
rm -rf "$folder"
mkdir -p "$folder"

collector() {
  go run go.opentelemetry.io/collector/cmd/builder@v0.165.0 --config tests/built/collector.yaml
}

lambda() {
  GOBIN=$folder go install \
    github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d
  cargo install --quiet --locked --root "$folder" lambda_web_adapter --version 0.9.1
}

helm() {
  GOBIN=$folder go install helm.sh/helm/v3/cmd/helm@v3.22.0
}

# Kubernetes' modules refer to each other by version 0, and are replaced by those of the release.
kubernetes() {
  local version=1.34.4 staging
  staging=$(go mod download -json "k8s.io/kubernetes@v$version" | jq -r .GoMod | xargs grep -oE 'k8s\.io/[a-z-]+ v0\.0\.0( |$)' |
    cut -d ' ' -f 1)
  cd "$folder"
  {
    printf 'module example.com/kubernetes\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n\n' "$version"
    printf "replace %s => %s v0.${version#1.}\n" $(printf '%s\n%s\n' $staging $staging | sort)
  } >go.mod
  printf '//go:build tools\n\npackage tools\n\nimport (\n\t_ "k8s.io/kubernetes/cmd/%s"\n\t_ "k8s.io/kubernetes/cmd/%s"\n)\n' \
    kube-apiserver kubectl >tools.go
  go mod tidy -e
  # Else it calls itself v0.0.0, which no chart takes. The end is for charts that would not take one of a cloud.
  go build -ldflags "-X k8s.io/component-base/version.gitVersion=v$version-cloud.1" -o . k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl
}

"$1" >&2
touch "$folder/done"
