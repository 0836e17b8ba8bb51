#!/bin/sh
# npm test                    all tests
# npm test -- test/dsl        those below a path
. "$(dirname "$0")/prepare.sh"
build_program
if [ $# -eq 0 ]; then set -- 'test/**/*.test.ts'; fi
exec node_modules/.bin/mocha --exit "$@"
