#!/bin/sh
# npm start                      runs the example: routes/ with the service in examples/pricing
# npm start -- FILES OPTIONS     runs your routes, as `mecha run FILES OPTIONS`
set -e
from=${INIT_CWD:-$PWD}
cd "$(dirname "$0")/.."
root=$PWD
. scripts/prepare.sh
install_if_needed
build_if_needed
if [ $# -eq 0 ]; then exec node scripts/start-example.mjs; fi
cd "$from"
exec node "$root/dist/mecha.cjs" run "$@"
