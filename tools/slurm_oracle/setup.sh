#!/bin/bash
# Builds and starts real Slurm controllers, each in its own Debian chroot, so that
# sbatch.py can ask them how sbatch understands a script.  Everything listens on
# 127.0.0.1 only; no job ever runs (there is no slurmd, every node is DOWN and every job is held).
#
#   setup.sh [up]      install what is missing, (re)write the configuration, start
#   setup.sh down      stop the daemons this script started (by pid)
#   setup.sh status    say what runs
#   setup.sh remove    stop, and delete the chroots
#
# VERSIONS selects which: bookworm (22.05), trixie (24.11), sid (newest, rolling).
set -euo pipefail

ROOT=${ORACLE_ROOT:-$HOME/.slurm-oracle}
VERSIONS=${VERSIONS:-bookworm trixie sid}
# the archive this machine's apt is set up for
MIRROR=${MIRROR:-$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true; } | sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' | head -n 1)}
HERE=$(cd "$(dirname "$0")" && pwd)
SUBMIT_USER=alice
export LC_ALL=C

# Names of generic resources the fake cluster knows (an unknown one makes Slurm
# refuse the job, on the client already from 23.02 on). Extend with ORACLE_GRES.
GRES_NAMES="gpu mps shard nic craynetwork nvme ssd lscratch localtmp scratch tmpdisk tmpfs tmp disk bandwidth hbm fpga mic license1 ${ORACLE_GRES:-}"
GPU_TYPES="a100 h100 h200 v100 p100 k80 t4 l4 l40 l40s a10 a30 a40 a5000 a6000 rtx2080ti rtx3090 rtx4090 mi210 mi250 mi300x a100_1g.5gb a100_3g.20gb nvidia_a100_1g.10gb tesla gtx titan b200 gb200 ${ORACLE_GPUS:-}"

die() { echo "setup.sh: $*" >&2; exit 1; }
say() { echo "[$1] $2"; }

port_of() {
  case $1 in bookworm) echo 26810 ;; trixie) echo 26820 ;; sid) echo 26830 ;;
    *) echo $((26900 + $(printf %s "$1" | cksum | cut -d' ' -f1) % 900)) ;; esac
}

alive() { # alive CHROOT PIDFILE -> pid on stdout
  local f=$1/$2 p
  [[ -s $f ]] || return 1
  p=$(cat "$f" 2>/dev/null || true)
  [[ -n $p && -d /proc/$p ]] || return 1
  [[ $(readlink "/proc/$p/root" 2>/dev/null || true) == "$1" ]] || return 1
  echo "$p"
}

install_one() {
  local v=$1 r=$ROOT/$1
  if [[ -x $r/usr/bin/sbatch || -L $r/usr/bin/sbatch ]] && [[ -e $r/.oracle-installed ]]; then return; fi
  command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }
  say "$v" "debootstrap from the Debian archive (about 30 s)"
  rm -rf "$r"
  mkdir -p "$ROOT"
  debootstrap --variant=minbase \
    --include=slurmctld,slurm-client,slurm-wlm-basic-plugins,munge \
    "$v" "$r" "$MIRROR" >"$ROOT/$v.debootstrap.log" 2>&1 || { tail -5 "$ROOT/$v.debootstrap.log" >&2; die "$v: debootstrap failed"; }
  touch "$r/.oracle-installed"
}

configure_one() {
  local v=$1 r=$ROOT/$1 port etc host g t gres=
  port=$(port_of "$v"); etc=$r/etc/slurm; host=$(hostname -s)
  mkdir -p "$etc" "$r/submit" "$r/var/spool/oracle" "$r/var/log/slurm" "$r/run/munge" "$r/run/oracle"
  chroot "$r" id "$SUBMIT_USER" >/dev/null 2>&1 || chroot "$r" useradd -m -s /bin/bash -u 1000 "$SUBMIT_USER"
  chroot "$r" id slurm >/dev/null 2>&1 || chroot "$r" useradd -r -M -s /usr/sbin/nologin slurm
  chmod 1777 "$r/submit" "$r/run/oracle"
  chroot "$r" chown slurm: /var/spool/oracle /var/log/slurm
  chroot "$r" chown munge: /run/munge
  chmod 755 "$r/run/munge"
  grep -q "127.0.0.1.*$host" "$r/etc/hosts" 2>/dev/null || echo "127.0.0.1 localhost $host" >"$r/etc/hosts"
  [[ -s $r/etc/munge/munge.key ]] || { head -c 64 /dev/urandom >"$r/etc/munge/munge.key"; }
  chroot "$r" chown -R munge: /etc/munge; chmod 400 "$r/etc/munge/munge.key"

  for t in $GPU_TYPES; do gres+="gpu:$t:8,"; done
  for g in $GRES_NAMES; do
    case $g in gpu) ;; mps|shard) gres+="$g:400," ;; *) gres+="$g:1000000," ;; esac
  done
  cat >"$etc/slurm.conf" <<CONF
ClusterName=oracle
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoCtldInAddrAny
SlurmUser=slurm
AuthType=auth/munge
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
MailProg=/bin/true
ReturnToService=2
SlurmctldPidFile=/run/oracle/slurmctld.pid
StateSaveLocation=/var/spool/oracle
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmctldDebug=error
SlurmdSpoolDir=/var/spool/oracle-d
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=defer,batch_sched_delay=3600,sched_interval=3600,bf_interval=10800,max_rpc_cnt=1
SlurmctldTimeout=300
SlurmdTimeout=0
MessageTimeout=30
InactiveLimit=0
MinJobAge=2
MaxJobCount=2000000
MaxArraySize=4000001
AllowSpecResourcesUsage=YES
JobRequeue=1
JobSubmitPlugins=lua
CliFilterPlugins=lua
GresTypes=$(echo $GRES_NAMES | tr ' ' ',')
Licenses=matlab:1000,abaqus:1000,ansys:1000,comsol:1000
NodeName=n[001-512] NodeAddr=127.0.0.1 CPUs=256 Boards=1 SocketsPerBoard=4 CoresPerSocket=32 ThreadsPerCore=2 RealMemory=8000000 TmpDisk=100000000 Gres=${gres%,} Feature=ib,ssd,gpu,intel,amd,a100,h100,v100,big,small State=DOWN
PartitionName=oracle Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=YES State=UP
CONF
  cp "$HERE/cli_filter.lua" "$etc/cli_filter.lua"
  cp "$HERE/job_submit.lua" "$etc/job_submit.lua"
  chmod 644 "$etc"/*
}

daemon() { # daemon COMMAND...: with nothing of the caller's open, or a lock that it holds would never be free again
  local fd
  for fd in /proc/$BASHPID/fd/*; do fd=${fd##*/}; ((fd > 2 && fd < 250)) && eval "exec $fd>&-"; done
  exec "$@"
}

start_one() {
  local v=$1 r=$ROOT/$1 p i want have
  if ! alive "$r" run/oracle/munged.pid >/dev/null; then
    rm -f "$r"/run/munge/munge.socket* "$r/run/oracle/munged.pid"
    touch "$r/run/oracle/munged.pid"; chroot "$r" chown munge: /run/oracle/munged.pid
    (daemon chroot "$r" su -s /bin/sh munge -c "/usr/sbin/munged --force --pid-file=/run/munge/munged.pid --seed-file=/run/munge/seed --log-file=/run/munge/munged.log") </dev/null >/dev/null 2>&1 || die "$v: munged does not start"
    for i in $(seq 50); do [[ -s $r/run/munge/munged.pid ]] && break; sleep 0.1; done
    cp "$r/run/munge/munged.pid" "$r/run/oracle/munged.pid"
  fi
  # a controller whose configuration changed is restarted
  want=$(cat "$r"/etc/slurm/slurm.conf "$r"/etc/slurm/*.lua | cksum)
  have=$(cat "$r/run/oracle/conf.cksum" 2>/dev/null || true)
  if p=$(alive "$r" run/oracle/slurmctld.pid); then
    [[ $want == "$have" ]] && return
    kill "$p"; for i in $(seq 100); do [[ -d /proc/$p ]] || break; sleep 0.1; done
  fi
  : >"$r/run/oracle/slurmctld.pid"; chroot "$r" chown slurm: /run/oracle/slurmctld.pid
  rm -rf "$r"/var/spool/oracle/* 
  (daemon chroot "$r" /usr/sbin/slurmctld -c) </dev/null >"$r/run/oracle/start.log" 2>&1 || { cat "$r/run/oracle/start.log" >&2; die "$v: slurmctld does not start"; }
  for i in $(seq 200); do
    chroot "$r" scontrol ping 2>/dev/null | grep -q 'is UP' && break; sleep 0.1
  done
  chroot "$r" scontrol ping | grep -q 'is UP' || { tail -5 "$r/var/log/slurm/slurmctld.log" >&2; die "$v: slurmctld is not up"; }
  echo "$want" >"$r/run/oracle/conf.cksum"
}

stop_all() {
  local v d p
  for v in $VERSIONS; do
    for d in slurmctld munged; do
      if p=$(alive "$ROOT/$v" run/oracle/$d.pid); then kill "$p"; say "$v" "stopped $d ($p)"; fi
    done
  done
}

case ${1:-up} in
  up)
    [[ $(id -u) == 0 ]] || die "must be root"
    for v in $VERSIONS; do
      install_one "$v"; configure_one "$v"; start_one "$v"
      say "$v" "$(chroot "$ROOT/$v" sbatch --version) up on 127.0.0.1:$(port_of "$v")"
    done ;;
  down) stop_all ;;
  remove)
    stop_all; sleep 2
    for v in $VERSIONS; do
      grep -q " $ROOT/$v/" /proc/mounts && die "$ROOT/$v: something is mounted below it"
      rm -rf --one-file-system "${ROOT:?}/$v" "$ROOT/$v.debootstrap.log"; say "$v" "removed"
    done ;;
  status)
    for v in $VERSIONS; do
      [[ -d $ROOT/$v ]] || { say "$v" "not installed"; continue; }
      if p=$(alive "$ROOT/$v" run/oracle/slurmctld.pid); then
        say "$v" "$(chroot "$ROOT/$v" sbatch --version) running, pid $p, port $(port_of "$v")"
      else say "$v" "installed, not running"; fi
    done ;;
  *) die "usage: setup.sh [up|down|status|remove]" ;;
esac
