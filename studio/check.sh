#!/usr/bin/env bash
# Check the page of the studio: types, lint, tests, and that fgraph/studio/dist is what its sources build.
set -euo pipefail
cd "$(dirname "$0")"

npm ci --silent
npm run check
npm run build -- --logLevel warn
if [ -n "$(git status --porcelain -- ../fgraph/studio/dist)" ]; then
    git status --short -- ../fgraph/studio/dist
    echo "fgraph/studio/dist is not what studio/ builds: commit what \`npm run build\` wrote" >&2
    exit 1
fi
size=$(cat ../fgraph/studio/dist/assets/studio.js ../fgraph/studio/dist/assets/studio.css ../fgraph/studio/dist/index.html | gzip -9 | wc -c)
if [ "$size" -gt 250000 ]; then
    echo "the page has $size bytes after gzip: 250000 are the most" >&2
    exit 1
fi
