#!/usr/bin/env bash
# Brings the lists of what each library offers (PublicAPI.Unshipped.txt) up to date with its code, and shows what changed, which is what a
# review looks at. A build warns (RS0016, RS0017) where list and code differ. Nothing was released yet, so all is in the list of what is unshipped.
set -euo pipefail
cd "$(dirname "$0")/.."
for list in src/*/PublicAPI.Unshipped.txt; do
  project=$(dirname "$list")
  dotnet restore "$project" -v q
  echo '#nullable enable' > "$list"
  dotnet format analyzers "$project" --diagnostics RS0016 --severity warn --no-restore
done
git --no-pager diff --stat -- 'src/*/PublicAPI.*.txt'
