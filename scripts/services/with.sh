#!/usr/bin/env bash
# Runs a command with real servers beside it, and stops them afterwards:
#   scripts/services/with.sh npm test
#   SERVICES='kafka toxiproxy' scripts/services/with.sh npm test -- test/connectors/kafka
# The servers (SERVICES; all but redis and postgres where it is not set) have data, ports and proxies of their own, so that others on the machine
# are neither used nor disturbed: ports are the usual ones of up.sh plus SERVICES_SHIFT. The command finds the addresses in its
# environment (KAFKA_BROKERS, AMQP_URL, ...), with MECHA_SERVICES=1 and the scripts themselves in SERVICES_SCRIPTS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here
# Where the project's shared scripts are at hand they are newer.
if [[ -f $here/../../../shared/services/up.sh ]]; then scripts=$(cd "$here/../../../shared/services" && pwd); fi

shift_by=${SERVICES_SHIFT:-3300}
set_port() { export "$1=$(($2 + shift_by))"; }
set_port KAFKA_PORT 19092
set_port KAFKA_CONTROLLER_PORT 19093
set_port KAFKA_VIA_TOXIPROXY_PORT 19094
set_port KAFKA_SASL_PORT 19096
set_port RABBITMQ_PORT 15670
set_port RABBITMQ_HTTP_PORT 15671
set_port RABBITMQ_DIST_PORT 15673
set_port RABBITMQ_EPMD_PORT 15674
set_port REDIS_PORT 16379
set_port POSTGRES_PORT 15432
set_port MQTT_PORT 11883
set_port NATS_PORT 14222
set_port S3_PORT 17070
set_port SFTP_PORT 12222
set_port TOXIPROXY_PORT 18474

# What was installed once is used again; addresses and data are this run's.
installed=${SERVICES_HOME:-$HOME/.cache/mecha-services}
stack=$(mktemp -d "${TMPDIR:-/tmp}/mecha-servers-XXXXXX")
mkdir -p "$installed" "$stack/home" "$stack/run"
for folder in apt "kafka-${KAFKA_VERSION:-4.4.0}" "versitygw-${VERSITYGW_VERSION:-v1.8.0}" "toxiproxy-${TOXIPROXY_VERSION:-v2.12.0}"; do
  mkdir -p "$installed/$folder"
  # An empty folder is one that was never installed into.
  rmdir "$installed/$folder" 2>/dev/null || ln -s "$installed/$folder" "$stack/home/$folder"
done
export SERVICES_HOME=$stack/home SERVICES_RUN=$stack/run SERVICES_SCRIPTS=$scripts

stop() {
  bash "$scripts/down.sh" >/dev/null 2>&1 || true
  # What was installed just now stays for the next time.
  for folder in "$stack"/home/*/; do
    folder=${folder%/}
    [[ -L $folder || -e $installed/$(basename "$folder") ]] || mv "$folder" "$installed/"
  done
  rm -rf "$stack"
}
trap stop EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2086
bash "$scripts/up.sh" ${SERVICES:-kafka rabbitmq s3 toxiproxy} >"$stack/up.log" 2>&1 || { cat "$stack/up.log" >&2; exit 1; }
# shellcheck disable=SC1091
. "$SERVICES_HOME/env"
export MECHA_SERVICES=1
"$@"
