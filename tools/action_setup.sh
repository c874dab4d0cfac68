#!/usr/bin/env bash
# The set-up of the Action, in two parts with the cache between them.
#   place    which Python runs, where its packages lie, and the key of their cache
#   install  put the packages there by the lock with hashes, unless the cache did
# Every value comes by the environment; nothing of the workspace is looked at.
set -euo pipefail
here=${GITHUB_ACTION_PATH:?the runner sets it}
lock=$here/requirements/run.txt

python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -I -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "::error title=s2r-ci::no Python 3.11 or newer with venv on this runner: add actions/setup-python before this step" >&2
  exit 2
}

case ${1:?place or install} in
place)
  interpreter=$(python)
  version=$("$interpreter" -I -c 'import platform, sys, sysconfig
print(sys.implementation.cache_tag, sysconfig.get_platform(), platform.python_version(), sep="-")')
  digest=$({ cat -- "$lock"; echo "$version"; } | "$interpreter" -I -c 'import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:24])')
  folder=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:?}}/s2r-ci/$digest
  {
    echo "interpreter=$interpreter"
    echo "folder=$folder"
    echo "key=s2r-ci-$version-$digest"
  } >>"$GITHUB_OUTPUT"
  ;;
install)
  folder=${S2R_FOLDER:?} interpreter=${S2R_INTERPRETER:?}
  if ! [ -f "$folder/whole" ] || ! "$folder/bin/python" -I -c '' 2>/dev/null; then
    rm -rf -- "$folder"
    "$interpreter" -I -m venv -- "$folder"
    "$folder/bin/python" -I -m pip install --disable-pip-version-check --no-input --quiet --no-deps \
      --only-binary :all: --require-hashes --requirement "$lock"
    touch -- "$folder/whole"
  fi
  # The project itself is the checkout of the Action: a line in a .pth file, written anew for each version of it.
  site=$("$folder/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n%s\n' "$here" "$here/hooks" >"$site/s2r_ci.pth"
  echo "python=$folder/bin/python" >>"$GITHUB_OUTPUT"
  ;;
esac
