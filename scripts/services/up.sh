#!/usr/bin/env bash
# Starts real servers on loopback for the integration tests.
#   up.sh [SERVICE...]   SERVICE: one of ALL below; none named: ALL
# Installs what is missing, waits until each server answers in its own protocol, and writes
# `export NAME=value` lines for every server that is up into $SERVICES_HOME/env.
# A second run is harmless: servers that are up stay as they are. Stop with down.sh.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
umask 022                                                     # servers under other accounts read the folders

ALL=(kafka rabbitmq redis postgres s3 toxiproxy)

SERVICES_HOME=${SERVICES_HOME:-$HOME/.cache/mecha-services}   # jars, binaries, packages, env
SERVICES_RUN=${SERVICES_RUN:-${TMPDIR:-/tmp}/mecha-services}  # data, logs, pids (same for down.sh)
START_TIMEOUT=${START_TIMEOUT:-90}                            # seconds to wait for all of them

KAFKA_VERSION=${KAFKA_VERSION:-4.4.0}
VERSITYGW_VERSION=${VERSITYGW_VERSION:-v1.8.0}
TOXIPROXY_VERSION=${TOXIPROXY_VERSION:-v2.12.0}

KAFKA_PORT=${KAFKA_PORT:-19092}
KAFKA_CONTROLLER_PORT=${KAFKA_CONTROLLER_PORT:-19093}
KAFKA_VIA_TOXIPROXY_PORT=${KAFKA_VIA_TOXIPROXY_PORT:-19094}   # listener that toxiproxy connects to
KAFKA_SASL_PORT=${KAFKA_SASL_PORT:-19096}
RABBITMQ_PORT=${RABBITMQ_PORT:-15670}
RABBITMQ_HTTP_PORT=${RABBITMQ_HTTP_PORT:-15671}
RABBITMQ_DIST_PORT=${RABBITMQ_DIST_PORT:-15673}
RABBITMQ_EPMD_PORT=${RABBITMQ_EPMD_PORT:-15674}
REDIS_PORT=${REDIS_PORT:-16379}
POSTGRES_PORT=${POSTGRES_PORT:-15432}
S3_PORT=${S3_PORT:-17070}
TOXIPROXY_PORT=${TOXIPROXY_PORT:-18474}
TOXIPROXY_OFFSET=${TOXIPROXY_OFFSET:-10000}                   # proxied port = port + offset

KAFKA_JAVA_OPTS=${KAFKA_JAVA_OPTS:--Xms128m -Xmx512m -XX:+UseSerialGC}

# --- helpers ------------------------------------------------------------------------------

die() { echo "up.sh: $*" >&2; exit 1; }

require() { local c; for c; do command -v "$c" >/dev/null || die "$c is missing"; done; }

# state and start time of a process: the start time tells it from a later one of the same pid
process_stat() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1,20; }

# running SERVICE: are all its recorded processes alive?
running() {
  local pid began signal state=
  [[ -s $SERVICES_RUN/$1/pids ]] || return 1
  while read -r pid began signal; do
    state=$(process_stat "$pid")
    [[ $state == *" $began" && $state != Z* ]] || return 1
  done <"$SERVICES_RUN/$1/pids"
}

# launch SERVICE STOP_SIGNAL COMMAND...: runs it detached and records the pid
launch() {
  local dir=$SERVICES_RUN/$1 signal=$2 stat; shift 2
  setsid "$@" </dev/null >>"$dir/log" 2>&1 9>&- &
  stat=$(process_stat $!)
  echo "$! ${stat#* } $signal" >>"$dir/pids"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# answers PORT WANT [SEND]: does the server say WANT first (after being sent SEND)?
answers() {
  local port=$1 want got
  want=$(printf %b "$2" | od -An -v -tx1 | tr -d ' \n')
  got=$( (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf %b "${3-}" >&3 &&
    timeout 2 head -c $((${#want} / 2)) <&3 | od -An -v -tx1 | tr -d ' \n') 2>/dev/null) || return 1
  [[ $got == "$want" ]]
}

http_ok() { answers "$1" 'HTTP/1.1 200' "GET $2 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"; }

# maven_jars FOLDER GROUP:ARTIFACT:VERSION...: the artifacts with their runtime dependencies
maven_jars() {
  local dir=$SERVICES_HOME/$1 gav group artifact version; shift
  [[ -d $dir/libs ]] && return
  require java mvn
  mkdir -p "$dir"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version><dependencies>'
    for gav; do
      IFS=: read -r group artifact version <<<"$gav"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$dir/pom.xml"
  mvn -B -q -f "$dir/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$dir/libs.part"
  mv "$dir/libs.part" "$dir/libs"
}

# go_command FOLDER PACKAGE@VERSION: builds it into $SERVICES_HOME/FOLDER
go_command() {
  local dir=$SERVICES_HOME/$1
  compgen -G "$dir/*" >/dev/null && return
  require go
  GOBIN=$dir go install "$2"
}

# apt_packages PACKAGE...: installs those that are not there; their services are not started
apt_packages() {
  local p missing=() archives=$SERVICES_HOME/apt policy=/usr/sbin/policy-rc.d made_policy='' failed=''
  for p; do dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing+=("$p"); done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || die "run as root once, or install: ${missing[*]}"
  mkdir -p "$archives/partial"
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made_policy=$policy
  fi
  apt-get -q update
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Dir::Cache::archives="$archives" -o APT::Keep-Downloaded-Packages=true -o APT::Sandbox::User=root \
    install "${missing[@]}" </dev/null || failed=1
  [[ -z $made_policy ]] || rm "$made_policy"
  [[ -z $failed ]]
}

# --- kafka: one broker that is its own controller (KRaft) ---------------------------------

install_kafka() { maven_jars "kafka-$KAFKA_VERSION" "org.apache.kafka:kafka_2.13:$KAFKA_VERSION" org.slf4j:slf4j-simple:1.7.36; }
ports_kafka() { echo "$KAFKA_PORT $KAFKA_CONTROLLER_PORT $KAFKA_VIA_TOXIPROXY_PORT $KAFKA_SASL_PORT"; }
start_kafka() {
  local dir=$SERVICES_RUN/kafka classpath="$SERVICES_HOME/kafka-$KAFKA_VERSION/libs/*" login=org.apache.kafka.common.security
  cat >"$dir/server.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$KAFKA_CONTROLLER_PORT
listeners=PLAIN://127.0.0.1:$KAFKA_PORT,TOXI://127.0.0.1:$KAFKA_VIA_TOXIPROXY_PORT,SASL://127.0.0.1:$KAFKA_SASL_PORT,CONTROLLER://127.0.0.1:$KAFKA_CONTROLLER_PORT
advertised.listeners=PLAIN://127.0.0.1:$KAFKA_PORT,TOXI://127.0.0.1:$((KAFKA_PORT + TOXIPROXY_OFFSET)),SASL://127.0.0.1:$KAFKA_SASL_PORT
listener.security.protocol.map=PLAIN:PLAINTEXT,TOXI:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_mecha="mecha";
listener.name.sasl.scram-sha-256.sasl.jaas.config=$login.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=$login.scram.ScramLoginModule required;
log.dirs=$dir/data
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
${KAFKA_MORE_CONFIG:-}
CONF
  if [[ ! -e $dir/data/meta.properties ]]; then
    java -Xmx128m -XX:+UseSerialGC -cp "$classpath" kafka.tools.StorageTool format --config "$dir/server.properties" \
      --cluster-id "$(head -c 16 /dev/urandom | base64 | tr '+/' '__' | tr -d =)" \
      --add-scram 'SCRAM-SHA-256=[name=mecha,password=mecha]' --add-scram 'SCRAM-SHA-512=[name=mecha,password=mecha]' >"$dir/log" 2>&1
  fi
  # shellcheck disable=SC2086
  launch kafka TERM java $KAFKA_JAVA_OPTS -cp "$classpath" kafka.Kafka "$dir/server.properties"
}
ready_kafka() { grep -q 'Kafka Server started' "$SERVICES_RUN/kafka/log" && port_open "$KAFKA_PORT"; }
env_kafka() {
  echo "KAFKA_BROKERS=127.0.0.1:$KAFKA_PORT"
  echo "KAFKA_SASL_BROKERS=127.0.0.1:$KAFKA_SASL_PORT"        # PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512
  echo "KAFKA_SASL_USER=mecha"
  echo "KAFKA_SASL_PASSWORD=mecha"
  echo "KAFKA_BROKERS_PROXIED=127.0.0.1:$((KAFKA_PORT + TOXIPROXY_OFFSET))"
}

# --- rabbitmq: with its own epmd, so that nothing is left behind --------------------------

install_rabbitmq() { apt_packages rabbitmq-server; }
ports_rabbitmq() { echo "$RABBITMQ_PORT $RABBITMQ_HTTP_PORT $RABBITMQ_DIST_PORT $RABBITMQ_EPMD_PORT"; }
start_rabbitmq() {
  local dir=$SERVICES_RUN/rabbitmq
  echo '[rabbitmq_management,rabbitmq_amqp1_0].' >"$dir/enabled_plugins"
  cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$RABBITMQ_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $RABBITMQ_HTTP_PORT
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
CONF
  export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$RABBITMQ_EPMD_PORT
  launch rabbitmq TERM epmd
  until port_open "$RABBITMQ_EPMD_PORT"; do sleep 0.1; done
  launch rabbitmq TERM env HOME="$dir" RABBITMQ_NODENAME=mecha@localhost \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir" RABBITMQ_DIST_PORT="$RABBITMQ_DIST_PORT" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    /usr/lib/rabbitmq/bin/rabbitmq-server
}
ready_rabbitmq() { answers "$RABBITMQ_PORT" '\x01\x00\x00' 'AMQP\x00\x00\x09\x01' && port_open "$RABBITMQ_HTTP_PORT"; }
env_rabbitmq() {
  echo "AMQP_URL=amqp://guest:guest@127.0.0.1:$RABBITMQ_PORT"
  echo "AMQP_URL_PROXIED=amqp://guest:guest@127.0.0.1:$((RABBITMQ_PORT + TOXIPROXY_OFFSET))"
  echo "RABBITMQ_HTTP_URL=http://guest:guest@127.0.0.1:$RABBITMQ_HTTP_PORT"
}

# --- redis --------------------------------------------------------------------------------

install_redis() { apt_packages redis-server; }
ports_redis() { echo "$REDIS_PORT"; }
start_redis() {
  launch redis TERM redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$SERVICES_RUN/redis" --appendonly yes --save ''
}
ready_redis() { answers "$REDIS_PORT" '+PONG' 'PING\r\n'; }
env_redis() {
  echo "REDIS_URL=redis://127.0.0.1:$REDIS_PORT"
  echo "REDIS_URL_PROXIED=redis://127.0.0.1:$((REDIS_PORT + TOXIPROXY_OFFSET))"
}

# --- postgres: will not run as root, so root hands it to the user postgres ----------------

install_postgres() { apt_packages postgresql; }
postgres_bin() { compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1; }   # the newest
ports_postgres() { echo "$POSTGRES_PORT"; }
start_postgres() {
  local dir=$SERVICES_RUN/postgres bin as=()
  bin=$(postgres_bin)
  if ((EUID == 0)); then
    as=(setpriv --reuid=postgres --regid=postgres --init-groups)
    chown postgres: "$dir"
  fi
  if [[ ! -e $dir/data/PG_VERSION ]]; then
    echo postgres >"$dir/password"
    "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" --auth=scram-sha-256 \
      -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1
  fi
  # SIGINT: stop without waiting for the clients to leave
  launch postgres INT "${as[@]}" "$bin/postgres" -D "$dir/data" -p "$POSTGRES_PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c wal_level=logical -c fsync=off
}
ready_postgres() { "$(postgres_bin)/pg_isready" -q -h 127.0.0.1 -p "$POSTGRES_PORT"; }
env_postgres() {
  echo "POSTGRES_URL=postgres://postgres:postgres@127.0.0.1:$POSTGRES_PORT/postgres"
  echo "POSTGRES_URL_PROXIED=postgres://postgres:postgres@127.0.0.1:$((POSTGRES_PORT + TOXIPROXY_OFFSET))/postgres"
}

# --- s3: versitygw over a folder (needs a file system with user xattrs) --------------------

install_s3() { go_command "versitygw-$VERSITYGW_VERSION" "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"; }
ports_s3() { echo "$S3_PORT"; }
start_s3() {
  mkdir -p "$SERVICES_RUN/s3/data" "$SERVICES_RUN/s3/versions"
  launch s3 TERM "$SERVICES_HOME/versitygw-$VERSITYGW_VERSION/versitygw" --port "127.0.0.1:$S3_PORT" --health /health \
    --access mecha --secret mechasecret --region us-east-1 posix --versioning-dir "$SERVICES_RUN/s3/versions" "$SERVICES_RUN/s3/data"
}
ready_s3() { http_ok "$S3_PORT" /health; }
env_s3() {
  echo "S3_ENDPOINT=http://127.0.0.1:$S3_PORT"
  echo "S3_ENDPOINT_PROXIED=http://127.0.0.1:$((S3_PORT + TOXIPROXY_OFFSET))"
  echo "S3_ACCESS_KEY=mecha"
  echo "S3_SECRET_KEY=mechasecret"
  echo "S3_REGION=us-east-1"
}

# --- toxiproxy: one proxy per server, whether that server is up or not --------------------

install_toxiproxy() { go_command "toxiproxy-$TOXIPROXY_VERSION" "github.com/Shopify/toxiproxy/v2/cmd/server@$TOXIPROXY_VERSION"; }
ports_toxiproxy() { echo "$TOXIPROXY_PORT"; }
start_toxiproxy() {
  local dir=$SERVICES_RUN/toxiproxy proxy name port upstream comma=
  {
    echo '['
    for proxy in kafka:$KAFKA_PORT:$KAFKA_VIA_TOXIPROXY_PORT rabbitmq:$RABBITMQ_PORT redis:$REDIS_PORT \
      postgres:$POSTGRES_PORT s3:$S3_PORT; do
      IFS=: read -r name port upstream <<<"$proxy"
      echo "$comma{\"name\":\"$name\",\"listen\":\"127.0.0.1:$((port + TOXIPROXY_OFFSET))\",\"upstream\":\"127.0.0.1:${upstream:-$port}\",\"enabled\":true}"
      comma=,
    done
    echo ']'
  } >"$dir/proxies.json"
  launch toxiproxy TERM "$SERVICES_HOME/toxiproxy-$TOXIPROXY_VERSION/server" -host 127.0.0.1 -port "$TOXIPROXY_PORT" -config "$dir/proxies.json"
}
ready_toxiproxy() { http_ok "$TOXIPROXY_PORT" /version && port_open $((KAFKA_PORT + TOXIPROXY_OFFSET)); }
env_toxiproxy() { echo "TOXIPROXY_URL=http://127.0.0.1:$TOXIPROXY_PORT"; }

# --- main ---------------------------------------------------------------------------------

services=("$@")
((${#services[@]})) || services=("${ALL[@]}")
for s in "${services[@]}"; do [[ " ${ALL[*]} " == *" $s "* ]] || die "no such service: $s (have: ${ALL[*]})"; done

mkdir -p "$SERVICES_HOME" "$SERVICES_RUN"
exec 9>"$SERVICES_HOME/lock"
flock 9                                                       # one up.sh or down.sh at a time
cd "$SERVICES_RUN"

# on failure, say where and show the end of that log
step='' log=''
trap '(($? == 0)) || { echo "up.sh: failed to $step; the end of $log:"; tail -30 "$log"; } >&2' EXIT

for s in "${services[@]}"; do
  step="install $s" log=$SERVICES_HOME/install-$s.log SECONDS=0
  "install_$s" >"$log" 2>&1
  ((SECONDS < 2)) || echo "$s: installed in $SECONDS s"
done

for s in "${services[@]}"; do
  running "$s" && continue
  mkdir -p "$s"
  step="start $s" log=$SERVICES_RUN/$s/log
  for port in $("ports_$s"); do
    if port_open "$port"; then echo "port $port is in use; by a half-dead $s? then: down.sh --keep $s" >>"$log"; exit 1; fi
  done
  rm -f "$s/pids" "$s/env" "$s/log"
  "start_$s"
done

SECONDS=0
for s in "${services[@]}"; do
  step="start $s" log=$SERVICES_RUN/$s/log
  until "ready_$s"; do
    if ! running "$s" || ((SECONDS > START_TIMEOUT)); then exit 1; fi
    sleep 0.2
  done
  "env_$s" | sed 's/^/export /' >"$s/env"
  echo "$s: up"
done

cat ./*/env >"$SERVICES_HOME/env"
echo "up: . $SERVICES_HOME/env"
