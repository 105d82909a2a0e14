#!/usr/bin/env bash
# Publishes codec, models and client for other systems, self-contained and trimmed, where any warning of compiler, platform analyzer or
# trimmer is an error. What is made for another system is not run here; what is made for this one is.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(dotnet --info | awk '$1 == "RID:" { print $2 }')
for platform in "$here" linux-arm64 win-x64 osx-arm64; do
  begun=$SECONDS
  dotnet publish "$root/eng/platforms" -c Release -v q -warnaserror -r "$platform" -o "$work/$platform"
  echo "$platform: $(du -sh --apparent-size "$work/$platform" | cut -f1), $((SECONDS - begun)) s"
done
"$work/$here/platforms"
