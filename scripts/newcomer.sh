#!/usr/bin/env bash
# A newcomer's session, from an empty folder to a tested route of their own that calls an HTTP service. Prints what a terminal shows; docs/newcomer.txt is
# a recording. What is different at every run (times) is made the same, and ports that are taken are replaced.
#   scripts/newcomer.sh              packs and installs the package first
#   scripts/newcomer.sh FOLDER       in a folder where it is installed already
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -gt 0 ]; then
  work=$1
else
  work=$(mktemp -d)
  (cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null)
fi
cd "$work"
set -m
children=()
trap 'for child in "${children[@]}"; do kill -- "-$child" 2>/dev/null || true; done' EXIT

free() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }
web=$(free)
app=$(free)
export PORT=$app MECHA_HTTP_PORT=$web MECHA_MICROLOGIC_URL=http://127.0.0.1:$app NO_COLOR=1 MECHA_SUMMARY=1 NODE_OPTIONS=
real() { sed "s/8080/$web/g; s/3000/$app/g"; }
shown() { sed -E "s/:$web/:8080/g; s/:$app/:3000/g; s/ \([0-9]+ ms\)$//; s/ in [0-9.]+ m?s/ in 80 ms/"; }

# A command as it is typed, and what it prints.
type_() {
  printf '$ %s\n' "$1"
  eval "$(printf '%s\n' "$1" | real)" 2>&1 | shown || true
}
# One that goes on: until a line of its output matches.
start() { # command, pattern, file
  printf '$ %s &\n' "$1"
  : >"$3"
  eval "exec $(printf '%s\n' "$1" | real)" >"$3" 2>&1 &
  children+=($!)
  for _ in $(seq 1 300); do
    if grep -q "$2" "$3"; then shown <"$3" | grep -m 1 "$2"; return; fi
    sleep 0.1
  done
  cat "$3"
  exit 1
}
until_served() { for _ in $(seq 1 300); do [ "$(curl -s -o /dev/null -w '%{http_code}' "$(printf '%s' "$1" | real)")" = 200 ] && return; sleep 0.1; done; }

if [ $# -eq 0 ]; then type_ 'npm install --silent ./mecha-runtime-*.tgz'; else printf '$ npm install --silent ./mecha-runtime-*.tgz\n'; fi
type_ 'npx mecha init'
type_ 'npx mecha test'
start 'node app/server.mjs' listening app.log
start 'npx mecha run' 'mecha runs' run.log
until_served http://127.0.0.1:8080/health/ready
type_ "curl -s -H 'Content-Type: application/json' -d '{\"name\": \"Ann\"}' http://127.0.0.1:8080/hello; echo"
type_ "cat >routes/welcome.yaml <<'YAML'
- route:
    id: welcome
    from:
      uri: platform-http:/welcome
      steps:
        - setBody: { simple: '{\"name\": \"\${header.name}\"}' }
        - removeHeaders: { pattern: \"*\" }
        - to: http://127.0.0.1:3000/greet
        - setBdy: { jsonata: '{ \"welcome\": greeting & \"!\" }' }
        - marshal: { json: {} }
YAML"
type_ 'npx mecha validate routes/welcome.yaml'
type_ 'sed -i s/setBdy/setBody/ routes/welcome.yaml'
type_ "cat >routes/welcome.test.yaml <<'YAML'
tests:
  - name: welcomes with the greeting of the service
    mocks:
      http://127.0.0.1:3000/greet: { reply: { body: { greeting: Hi Bob } } }
    request: { path: \"/welcome?name=Bob\" }
    reply: { status: 200, body: { welcome: \"Hi Bob!\" } }
    expect:
      mocks: { \"http://127.0.0.1:3000/greet\": { bodies: [ { name: Bob } ] } }
YAML"
type_ 'npx mecha test --coverage'
until_served 'http://127.0.0.1:8080/welcome?name=Bob'
type_ "curl -s 'http://127.0.0.1:8080/welcome?name=Bob'; echo"
