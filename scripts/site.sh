#!/bin/sh
# Builds the documentation site from docs/ into site/dist; `site.sh dev` serves it.
cd "$(dirname "$0")/../site" || exit 1
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error || exit 1
fi
# A copy: pages are modules here, which look for their libraries upwards.
rm -rf pages
cp -R ../docs pages
# Files that pages link to, and that are no pages.
mkdir -p pages/public/routes
cp ../docs/*.txt pages/public
cp ../routes/*.yaml ../routes/*.mjs pages/public/routes
exec node_modules/.bin/vitepress "${1:-build}" .
