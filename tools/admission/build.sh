#!/bin/bash
# Builds a real kube-apiserver (1.20.2) from Debian 12's source package, once a machine.
#
#   build.sh [FOLDER]      FOLDER/kube-apiserver; ADMISSION_ROOT, else ~/.cache/s2r-ci
#
# Needs root and apt on Debian 12, 2 GB of disk while it builds, 110 MB afterwards, and 3 to 5 minutes on two cores.
set -euo pipefail
W=${1:-${ADMISSION_ROOT:-$HOME/.cache/s2r-ci}}
mkdir -p "$W"/{parts,home,lists/partial}
W=$(readlink -f "$W")
[ -x "$W/kube-apiserver" ] && command -v etcd >/dev/null && exit 0

export DEBIAN_FRONTEND=noninteractive
# rsync has to be there before the first make: without it an empty tool file stays behind, and every later try fails.
apt-get update -q
apt-get install -y -q --no-install-recommends golang-go rsync jq dpkg-dev make etcd-server openssl \
  golang-github-modern-go-reflect2-dev
[ -x "$W/kube-apiserver" ] && exit 0

# Source packages from the archive that this machine's apt is set up for, without touching its lists.
sed 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources >"$W/parts/debian.sources"
APT=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$W/parts" -o "Dir::State::lists=$W/lists")
"${APT[@]}" update
cd "$W"
rm -rf src kubernetes_*
"${APT[@]}" source --download-only kubernetes
dpkg-source --no-check -x kubernetes_*.dsc src

# The vendored reflect2 crashes under the Go of Debian 12 when a CRD's OpenAPI is rebuilt; Debian's own does not.
rm -rf src/vendor/github.com/modern-go/reflect2
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 src/vendor/github.com/modern-go/
rm -f src/vendor/github.com/modern-go/reflect2/*_test.go

printf '%s\n' KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive KUBE_GIT_VERSION=v1.20.2 \
  KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 >ver
cd src
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
env HOME="$W/home" GOPATH="$PWD/.go" CGO_ENABLED=0 GOPROXY=off KUBE_GIT_VERSION_FILE="$W/ver" GOLDFLAGS='-s -w' \
  make WHAT=cmd/kube-apiserver
install _output/local/bin/linux/"$(go env GOARCH)"/kube-apiserver "$W/kube-apiserver"
cd "$W"
chmod -R u+w home
rm -rf src home lists parts kubernetes_* ver
