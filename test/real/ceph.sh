#!/usr/bin/env bash
# usage: ceph.sh S3_PORT MON_PORT SECONDS
#
# A one-node Ceph cluster (one monitor, one OSD in memory, one S3 gateway) on 127.0.0.1, all of it in one temporary
# folder. Prints `ready` once S3 answers. It ends, and takes the daemons and the folder with it, when its stdin is
# closed (so also when whoever started it is killed), or after SECONDS.
#
# From the environment: OWNER_ID and OWNER_SECRET, STRANGER_ID and STRANGER_SECRET (two S3 users), and KMS_KEYS, the
# names of the keys that SSE-KMS knows, separated by spaces. Each gets a random key.
#
# Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common
set -euo pipefail

s3_port=$1 mon_port=$2 seconds=$3

dir=$(mktemp -d -t envseal-ceph.XXXXXX)
cd "$dir"
mkdir mon osd log run

daemons=()
finish() {
  # Nothing here outlives the test, so there is nothing to shut down in order.
  ((${#daemons[@]} == 0)) || kill -KILL "${daemons[@]}" 2>/dev/null || true
  wait 2>/dev/null # bash reports here that they were killed
  cd / && rm -rf "$dir"
}
trap finish EXIT

# The kernel kills a daemon whose parent (this script) is gone: `trap` does not run after a SIGKILL.
start() {
  setpriv --pdeathsig KILL "$@" </dev/null >"log/$1.out" 2>&1 &
  daemons+=($!)
}

# wait_for NAME COMMAND...: until COMMAND succeeds; fails when a daemon died, or after 30 s.
wait_for() {
  local name=$1 pid
  shift
  for _ in {1..600}; do
    if "$@" >/dev/null 2>&1; then return; fi
    for pid in "${daemons[@]}"; do
      kill -0 "$pid" 2>/dev/null || break 2
    done
    sleep 0.05
  done
  echo "ceph.sh: $name did not come up" >&2
  tail -n 20 log/*.out >&2
  exit 1
}

sealing_keys=()
for name in $KMS_KEYS; do
  sealing_keys+=("$name=$(head -c 32 /dev/urandom | base64 -w 0)")
done
cluster_id=$(cat /proc/sys/kernel/random/uuid)
osd_id=$(cat /proc/sys/kernel/random/uuid)

cat >ceph.conf <<END
[global]
fsid = $cluster_id
run dir = $dir/run
pid file = $dir/run/\$name.pid
admin socket = $dir/run/\$name.asok
log file = $dir/log/\$name.log
keyring = $dir/keyring
mon host = [v2:127.0.0.1:$mon_port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth allow insecure global id reclaim = false
# One OSD has to do for every pool.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
# Each pool that the gateway makes costs a round of the monitor's consensus, which by default waits a second.
paxos propose interval = 0.01
# A test machine's disk may be nearly full; the objects are in memory anyway.
mon data avail warn = 2
mon data avail crit = 1

[mon.a]
mon data = $dir/mon/a
mon cluster log file = $dir/log/cluster.log

[osd.0]
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = 268435456

[client.rgw.a]
rgw data = $dir
rgw frontends = beast endpoint=127.0.0.1:$s3_port
rgw dns name = localhost
rgw thread pool size = 16
rgw run sync thread = false
# SSE-KMS over plain HTTP, with the keys in this file.
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = ${sealing_keys[*]}
END
export CEPH_CONF=$dir/ceph.conf

grant() { ceph-authtool keyring --gen-key -n "$@" >/dev/null; }
ceph-authtool --create-keyring keyring >/dev/null
grant mon. --cap mon 'allow *'
grant client.admin --cap mon 'allow *' --cap osd 'allow *'
grant client.rgw.a --cap mon 'allow rwx' --cap osd 'allow rwx'
grant osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'

monmaptool --create --fsid "$cluster_id" --addv a "[v2:127.0.0.1:$mon_port]" monmap >/dev/null
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
start ceph-mon -i a -f
wait_for 'the monitor' ceph --connect-timeout 5 osd new "$osd_id"

ceph-osd -i 0 --mkfs --osd-uuid "$osd_id" 2>/dev/null
start ceph-osd -i 0 -f
osd_is_up() { ceph --connect-timeout 5 osd stat | grep -q '1 up'; }
wait_for 'the OSD' osd_is_up

start radosgw -n client.rgw.a -f
wait_for 'the S3 gateway' curl --silent --output /dev/null --noproxy '*' "http://127.0.0.1:$s3_port"

add_user() {
  radosgw-admin user create --uid="$1" --display-name="$1" --access-key="$2" --secret-key="$3" >/dev/null 2>log/user.err
}
add_user owner "$OWNER_ID" "$OWNER_SECRET"
add_user stranger "$STRANGER_ID" "$STRANGER_SECRET"

echo ready
read -r -t "$seconds" || true
