# Sourced by the other scripts: installs what is missing, builds what is older than its sources. Says nothing when there is nothing to do.
# Leaves the shell in the package's folder.
cd "$(dirname "$0")/.." || exit 1

node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("Mecha needs Node 20.19 or newer; this is " + process.version); process.exit(1) }' || exit 1

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'installing ...' >&2
  npm ci --include=dev --no-audit --no-fund --loglevel=error >&2 || exit 1
  touch node_modules/.package-lock.json
fi

build_program() {
  if [ ! -f dist/parts.json ] || [ -n "$(find src bin scripts/build.mjs scripts/parts.mjs package-lock.json -newer dist/parts.json -print 2>/dev/null | head -n 1)" ]; then
    echo 'building ...' >&2
    node scripts/build.mjs dist >&2 || exit 1
  fi
}
