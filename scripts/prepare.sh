# What `npm start` and `npm test` need: sourced by both, with the root of the repository as the current folder.

# Installs when node_modules is missing or was made for another package-lock.json.
install_if_needed() {
  if [ -f node_modules/.package-lock.json ]; then
    if [ node_modules/.package-lock.json -nt package-lock.json ] || cmp -s package-lock.json node_modules/.installed-lock; then return 0; fi
  fi
  node -e 'const [a, b] = process.versions.node.split("."); if (a < 20 || (a == 20 && b < 19)) { console.error(`mecha needs Node 20.19 or newer; this is ${process.version}`); process.exit(1) }'
  echo 'installing ...'
  npm ci --include=dev --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-lock
}

# Builds the command when a source is newer than it.
build_if_needed() {
  if [ -f dist/parts.json ] && [ -z "$(find src bin scripts/build.mjs scripts/warm-up.mjs package-lock.json -newer dist/parts.json | head -n 1)" ]; then return 0; fi
  echo 'building ...'
  node scripts/build.mjs dist
}
