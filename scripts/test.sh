#!/bin/sh
# npm test                    all tests
# npm test -- test/dsl        those below a path
. "$(dirname "$0")/prepare.sh"
build_program
if [ $# -eq 0 ]; then set -- test; fi
# Beside tests folders hold programs that tests start: those are none.
for path in "$@"; do
  shift
  if [ -d "$path" ]; then path="${path%/}/**/*.test.ts"; fi
  set -- "$@" "$path"
done
exec node_modules/.bin/mocha --exit "$@"
