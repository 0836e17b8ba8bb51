#!/bin/sh
# npm start                      the example: routes/orders.yaml with its micrologic
# npm start -- my/routes.yaml    mine
. "$(dirname "$0")/prepare.sh"
build_program
if [ $# -eq 0 ]; then
  exec node scripts/start-example.mjs
fi
cd "${INIT_CWD:-.}" || exit 1
MECHA_SUMMARY=1 exec node "$OLDPWD/dist/mecha.cjs" run "$@"
