#!/usr/bin/env bash
# Packs the program, installs the tarball into an empty folder and uses it there: by command, by import, and stopped by SIGTERM.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f lib/index.js ] && [ -f dist/mecha.cjs ] || node scripts/build.mjs
npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
cd "$work"
printf '{ "name": "consumer", "private": true, "type": "module" }\n' >package.json
npm install --no-audit --no-fund --loglevel=error ./mecha-runtime-*.tgz

[ "$(npx --no-install mecha --version)" = "$(node -p "require('$root/package.json').version")" ]

cat >routes.yaml <<'YAML'
- from:
    uri: platform-http:/hello
    steps:
      - setBody: { simple: "hello ${header.name}" }
YAML
npx --no-install mecha validate routes.yaml

port=$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close() })')
node node_modules/mecha-runtime/dist/mecha.cjs run routes.yaml --port "$port" >run.log 2>&1 &
pid=$!
for _ in $(seq 1 100); do
  curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null && break
  sleep 0.1
done
[ "$(curl -s "http://127.0.0.1:$port/hello?name=ann")" = 'hello ann' ]
curl -s "http://127.0.0.1:$port/metrics" | grep -q 'mecha_route_exchanges_completed_total{route="route1"} 1'
kill -TERM "$pid"
wait "$pid"

cat >embed.mjs <<'JS'
import { Mecha } from 'mecha-runtime';
const mecha = await Mecha.start({ configuration: null, settings: { 'state.store': 'memory', 'management.enabled': false }, routes: `
- from:
    uri: direct:double
    steps:
      - setBody: { simple: "\${body}\${body}" }
      - to: mock:out
` });
if ((await mecha.request('direct:double', 'ab')) !== 'abab') throw new Error('wrong reply');
if (mecha.mock('out').bodies[0] !== 'abab') throw new Error('nothing in the mock');
await mecha.stop();
JS
node embed.mjs

cat >types.mts <<'TS'
import type { MechaOptions } from 'mecha-runtime';
import { Mecha, defineEip, field, perform } from 'mecha-runtime';
const options: MechaOptions = { routes: '- from:\n', properties: { a: 1 } };
export const start = (): Promise<Mecha> => Mecha.start(options);
export const shout = defineEip({
  name: 'shout',
  summary: 'Makes the body loud.',
  options: { times: field.count('How loud.').default(1) },
  operator: ({ times }) => perform((exchange) => void (exchange.body = `${String(exchange.body)}${'!'.repeat(times)}`)),
});
TS
"$root/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext --types node --typeRoots "$root/node_modules/@types" types.mts
echo 'the packed program works'
