#!/usr/bin/env bash
# Stops what up.sh started, by the pids it recorded, and removes its data.
#   down.sh [--keep] [SERVICE...]   none named: all; --keep: leave the data for the next up.sh
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

ALL=(kafka rabbitmq redis postgres s3 toxiproxy)

SERVICES_HOME=${SERVICES_HOME:-$HOME/.cache/mecha-services}
SERVICES_RUN=${SERVICES_RUN:-${TMPDIR:-/tmp}/mecha-services}
STOP_TIMEOUT=${STOP_TIMEOUT:-30}                              # seconds before a server is killed

keep=
if [[ ${1-} == --keep ]]; then keep=1; shift; fi
services=("$@")
((${#services[@]})) || services=("${ALL[@]}")
for s in "${services[@]}"; do [[ " ${ALL[*]} " == *" $s "* ]] || { echo "down.sh: no such service: $s" >&2; exit 1; }; done

[[ -d $SERVICES_RUN ]] || exit 0
mkdir -p "$SERVICES_HOME"
cd "$SERVICES_RUN"
exec 9>"$SERVICES_HOME/lock"
flock 9

# alive PID START_TIME: is it still the process that up.sh started?
alive() {
  local stat
  stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1,20)
  [[ $stat == *" $2" && $stat != Z* ]]
}

for s in "${services[@]}"; do
  if [[ -s $s/pids ]]; then
    # the last one started is the first to stop
    tac "$s/pids" | while read -r pid began signal; do
      alive "$pid" "$began" || continue
      kill -"$signal" "$pid"
      SECONDS=0
      while alive "$pid" "$began"; do
        if ((SECONDS > STOP_TIMEOUT)); then kill -KILL "$pid"; echo "$s: killed $pid after $STOP_TIMEOUT s" >&2; fi
        sleep 0.2
      done
    done
    echo "$s: down"
  fi
  rm -f "$s/pids" "$s/env"
  [[ -n $keep ]] || rm -rf "${SERVICES_RUN:?}/${s:?}"
done

{ cat ./*/env 2>/dev/null || true; } >"$SERVICES_HOME/env"
