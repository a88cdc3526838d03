# Witnesses that one member's identity has one holder. Runs beside every member, on the member's own volume, for as long as the member
# runs, and longer. Twice a second it writes its pod's UID into the lease. Whoever finds another UID there after its first own
# write has met a holder that lives at the same time: that is written down for ever. No clock is compared for that.
# Needs: POD_UID, and WITNESS, a folder on the volume. POSIX shell; sleep has to take fractions (coreutils, busybox).
set -eu
lease=$WITNESS/lease
mine=$WITNESS/holders/$POD_UID
mkdir -p "$WITNESS/holders" "$WITNESS/meetings"
ended=no
trap 'ended=yes' TERM INT

# A file appears whole or not at all, also to a reader on another node.
put() {
  echo "$2" >"$1.$POD_UID.new"
  mv "$1.$POD_UID.new" "$1"
}

since=$(date +%s)
beats=0
# A restart of this container goes on with what it had.
if [ -s "$mine" ]; then read -r since beats _ <"$mine"; fi
put "$lease" "$POD_UID"
while :; do
  beats=$((beats + 1))
  now=$(date +%s)
  put "$mine" "$since $beats $now"
  if [ "$ended" = yes ]; then break; fi
  sleep 0.5 || true
  read -r holder <"$lease"
  if [ "$holder" != "$POD_UID" ]; then
    # One file a pair, so that two that write at once do not mix.
    echo "$now $POD_UID met $holder" >>"$WITNESS/meetings/$POD_UID.$holder"
  fi
  put "$lease" "$POD_UID"
done
