#!/usr/bin/env bash
# Builds the documentation as a site in artifacts/site: the pages of docs, and a reference of what the built program and the libraries say of
# themselves.
# Ends with 1 where a link leads nowhere. It takes half a minute after a build, and needs Python and, once, docfx from NuGet.
set -euo pipefail
cd "$(dirname "$0")/.."
program=artifacts/bin/Plume.Cli/release/plume.dll
[ -f "$program" ] || dotnet build src/Plume.Cli -c Release
pages=artifacts/site-pages
rm -rf "$pages" artifacts/site
mkdir -p "$pages"
cp -r docs/. "$pages"
python3 eng/site/reference.py "$program" "$pages/reference"
python3 eng/site/api.py artifacts/bin "$pages/reference"
python3 eng/site/links.py "$pages"
cp eng/site/docfx.json "$pages"
dotnet tool restore
dotnet docfx "$pages/docfx.json" --warningsAsErrors
python3 eng/site/check.py artifacts/site
