#!/bin/sh
# npm start                      runs the example: routes/ with the service in examples/pricing
# npm start -- FILES OPTIONS     runs your routes, as `mecha run FILES OPTIONS`
from=${INIT_CWD:-$PWD}
. "$(dirname "$0")/prepare.sh"
build_program
root=$PWD
if [ $# -eq 0 ]; then exec node scripts/start-example.mjs; fi
cd "$from" || exit 1
MECHA_SUMMARY=1 exec node "$root/dist/mecha.cjs" run "$@"
