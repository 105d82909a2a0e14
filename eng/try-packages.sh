#!/usr/bin/env bash
# Packs all packages and uses them as others will, in a folder outside the tree: the code of their readmes, a server and clients made
# of the templates (one published as a native program, without a warning), and the tool in an empty folder. Not in the gate, since it takes
# minutes; run it before a release and after a change of a project file. Needs what NativeAOT needs: clang or gcc, and zlib.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server=
cleanup() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() { echo "try-packages: $*" >&2; exit 1; }

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_HOME=$work/home
# Packages of a version that was packed before are not taken for these: what others need is looked up where it is anyway.
export NUGET_FALLBACK_PACKAGES=${NUGET_PACKAGES:-$HOME/.nuget/packages}
feed=$work/feed platform=$(dotnet --info | awk '$1 == "RID:" { print $2 }')
NUGET_PACKAGES=$NUGET_FALLBACK_PACKAGES NUGET_FALLBACK_PACKAGES='' dotnet pack "$root" -c Release -o "$feed" -v q
export NUGET_PACKAGES=$work/packages
say "packed:"
du -h --apparent-size "$feed"/*.nupkg | sed "s|$feed/|        |"

cd "$work"
cat > nuget.config <<'XML'
<configuration>
  <packageSources><add key="packed" value="feed" /></packageSources>
</configuration>
XML

# The code of each readme is a method of one program; what stands in it as a type, or as a function, stays so.
mkdir readmes
names=()
for readme in "$root"/src/Plume.*/README.md; do
  name=$(basename "$(dirname "$readme")")
  awk '/^```csharp$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$readme" > code
  [[ -s code ]] || continue
  names+=("$name")
  class=${name#Plume.}
  {
    echo "namespace Readmes.Of$class;"
    grep -E '^using [A-Za-z.]+;$' code || true
    echo "static partial class Readme { public static void Run() { $(grep -q '^\(static\|sealed\)' code && echo '} ')"
    grep -vE '^using [A-Za-z.]+;$' code
    grep -q '^\(static\|sealed\)' code && echo "}" || echo "} }"
  } > "readmes/$class.cs"
done
{
  echo 'Readmes.OfCompression.Readme.Run();'
  echo 'Readmes.OfModels.Readme.Run();'
} > readmes/Program.cs
version=$(sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' "$root/Directory.Build.props")
{
  echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>'
  echo '<Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup><ItemGroup>'
  printf '<PackageReference Include="%s" Version="'"$version"'" />\n' "${names[@]}"
  echo '</ItemGroup></Project>'
} > readmes/readmes.csproj
dotnet build readmes -v q -o readmes/out
readmes/out/readmes > readmes.log
grep -q 'bytes of floats' readmes.log && grep -q 'bytes of ONNX' readmes.log || fail "the readmes' programs printed: $(cat readmes.log)"
say "readmes of ${names[*]} build; of Plume.Compression: $(grep 'bytes of floats' readmes.log)"

dotnet new install "Plume.Templates::$version" --add-source "$feed" > templates.log || fail "$(cat templates.log)"
dotnet new plume-server --output the-host > templates.log && dotnet new plume-client --output the-site >> templates.log || fail "$(cat templates.log)"
dotnet build the-host -v q -warnaserror -o the-host/out
dotnet build the-site -v q -warnaserror -o the-site/out
dotnet publish the-site -v q -warnaserror -r "$platform" -o the-site/native
say "a client as one native program: $(du -h --apparent-size the-site/native/the-site | cut -f1)"

# Three classes around three places.
for site in a b; do
  awk -v seed="$site" 'BEGIN { srand(seed == "a" ? 1 : 2); for (i = 0; i < 300; i++) { k = i % 3;
    print k ", " (k == 0) + rand() / 2 ", " (k == 1) + rand() / 2 ", " (k == 2) + rand() / 2 ", " rand() } }' > "$site.csv"
done
port=$((20000 + RANDOM % 10000))
(cd the-host && exec out/the-host 4 3 2 "$port") > host.log 2>&1 &
server=$!
for _ in $(seq 100); do grep -q waits host.log && break; kill -0 "$server" 2>/dev/null || fail "the server ended: $(cat host.log)"; sleep 0.1; done
the-site/out/the-site "http://127.0.0.1:$port" softmax site-a a.csv state-a > a.log 2>&1 &
managed=$!
the-site/native/the-site "http://127.0.0.1:$port" softmax site-b b.csv state-b > b.log 2>&1 || fail "the native client said: $(tail -3 b.log)"
wait "$managed" || fail "the client said: $(tail -3 a.log)"
grep -q 'ended with version 20' b.log || fail "the native client said: $(tail -3 b.log)"
say "server and clients of the templates: $(tail -1 b.log)"

dotnet tool install plume --tool-path tools --add-source "$feed" --version "$version" > tool.log 2>&1 || fail "$(cat tool.log)"
mkdir empty
(cd empty && ../tools/plume simulate --set rounds=3 > ../simulate.log 2>&1) || fail "plume simulate: $(cat simulate.log)"
ls empty/runs/*/report.html > /dev/null || fail "plume simulate left no report"
(cd empty && ../tools/plume doctor > ../doctor.log) || fail "plume doctor: $(cat doctor.log)"
say "plume $(tools/plume --version): $(grep 'round 3/3' simulate.log), $(du -sh tools | cut -f1) on disk"
