#!/usr/bin/env bash
# Everything that must hold before a change is merged, on a fresh Debian machine too: build with warnings as errors, all tests (PostgreSQL on a
# throw-away server of their own), packages. Prints the seconds of each step; the last line is 'N passed, N failed'.
#
#   ./test.sh            needs the .NET SDK of global.json; as root it installs the PostgreSQL server and pgbouncer if they are missing
# Environment:
#   DURABLE_TEST_POSTGRES   a connection string of a role that may create schemas and roles, instead of a throw-away server
#   PG_BINDIR               folder with initdb, postgres and pg_ctl
set -euo pipefail
cd "$(dirname "$0")"
export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0 failed=0 broken=()
work=$(mktemp -d)

finish() {
  local code=$?
  [[ -z "${own_server:-}" ]] || bash eng/postgres.sh stop "$own_server" || true
  rm -rf "$work"
  local step
  for step in "${broken[@]}"; do echo "broken: $step"; done
  echo "$passed passed, $failed failed"
  exit "$code"
}
trap finish EXIT

# Runs a step and prints its seconds. A step that fails ends the script: later ones need it.
step() {
  local name=$1 since=$SECONDS code=0
  shift
  echo "== $name"
  "$@" || code=$?
  echo "   $((SECONDS - since)) s"
  if [[ $code -ne 0 ]]; then broken+=("$name"); exit 1; fi
}

check_dotnet() {
  if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK is missing: install version $(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' global.json) or a later one of the same major version." >&2
    return 1
  fi
  dotnet --version       # fails with its own message if global.json asks for another SDK
}

start_postgres() {
  if [[ -n "${DURABLE_TEST_POSTGRES:-}" ]]; then echo "   the server of DURABLE_TEST_POSTGRES"; return; fi
  local install=()
  [[ $EUID -ne 0 ]] || install=(--install)
  if ! bash eng/postgres.sh start "${install[@]}" > "$work/postgres"; then
    echo "The PostgreSQL tests need a server (13 or newer): install the package 'postgresql', or set PG_BINDIR or DURABLE_TEST_POSTGRES." >&2
    return 1
  fi
  # shellcheck disable=SC1091
  source "$work/postgres"
  own_server=$DURABLE_PG_DIR
}

# The tests through a pooler use Debian's pgbouncer.
ensure_pooler() {
  command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer || -n "${PGBOUNCER:-}" ]] || {
    if [[ $EUID -ne 0 ]]; then echo "The tests through a pooler need the package 'pgbouncer', or PGBOUNCER with the path of the program." >&2; return 1; fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer
  }
}

# The number behind 'name:' in a summary.
count() { sed -n "s/^ *$1: \([0-9]*\)\$/\1/p" "$work/log" | tail -n 1; }

# One project after the other: processes that are frozen and killed need the machine for themselves.
test_project() {
  local project=$1 name since=$SECONDS code=0 total
  name=$(basename "$project" .csproj)
  echo "== $name"
  dotnet test --project "$project" --no-build -c Release > "$work/log" 2>&1 || code=$?
  total=$(count total)
  passed=$((passed + $(n "$(count succeeded)"))) failed=$((failed + $(n "$(count failed)")))
  if [[ $code -ne 0 || $(n "$total") -eq 0 ]]; then
    cat "$work/log"
    broken+=("$name (exit $code, $(n "$total") tests)")
  fi
  echo "   $((SECONDS - since)) s, $(n "$total") tests"
}

n() { echo "${1:-0}"; }

step "dotnet" check_dotnet
step "restore" dotnet restore
step "build" dotnet build --no-restore -c Release -warnaserror
step "PostgreSQL" start_postgres
step "pooler" ensure_pooler
for project in tests/*/*.csproj; do
  [[ $(dotnet msbuild "$project" -getProperty:IsTestProject) == true ]] || continue
  test_project "$project"
done
[[ $((passed + failed)) -gt 0 ]] || broken+=("no test ran")
step "pack" dotnet pack --no-build -c Release
[[ ${#broken[@]} -eq 0 && $failed -eq 0 ]]
