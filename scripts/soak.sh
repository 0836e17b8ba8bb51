#!/bin/sh
# npm run soak                                      30 kills and 100 000 messages for each of the example routes; report in docs/soak.md
# npm run soak -- --kills 3 --messages 5000         shorter, without a report
# With MECHA_SERVICES=1 it takes the servers that the environment names; without it starts its own.
. "$(dirname "$0")/prepare.sh"
build_program
if [ $# -eq 0 ]; then set -- --report docs/soak.md; fi
if [ -n "${MECHA_SERVICES:-}" ]; then exec node_modules/.bin/tsx scripts/soak.ts "$@"; fi
SERVICES_SHIFT=${SERVICES_SHIFT:-3600} exec scripts/services/with.sh node_modules/.bin/tsx scripts/soak.ts "$@"
