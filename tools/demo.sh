#!/usr/bin/env bash
# The main job on a scratch copy of examples/: audit, write, check, and one script beside its manifest.
# Usage: tools/demo.sh PYTHON [FOLDER]
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
python=${1:-python3}
case $python in
    /*) ;;
    */*) python=$PWD/$python ;;
esac
scratch=${2:-$(mktemp -d "${TMPDIR:-/tmp}/s2r-demo.XXXXXX")}
mkdir -p -- "$scratch"
cp -R examples/. "$scratch"
cd -- "$scratch"
git init --quiet .

# Exit codes 0 and 1 are answers ("all well", "something to put right"); any other one is a failure of the demo.
step() {
    local code=0
    printf '\n\033[1m$ s2r-scan %s\033[0m\n' "$*"
    "$python" -m s2r_ci "$@" || code=$?
    printf '(exit code %s)\n' "$code"
    [ "$code" -le 1 ] || exit "$code"
}

step audit
step write
step check
step explain train/resnet.sh
[ -f train/resnet.sh.runai.yaml ] || { printf 'no manifest was written\n' >&2; exit 70; }
printf '\nThe manifests lie in %s:\n' "$scratch"
git ls-files --others --exclude-standard -- '*.runai.yaml'
