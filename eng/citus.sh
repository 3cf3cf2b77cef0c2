#!/usr/bin/env bash
# A throw-away Citus for tests: a coordinator and two data nodes, each a server of eng/postgres.sh, on free ports of the loopback address.
#
#   eval "$(eng/citus.sh start)"             # sets DURABLE_TEST_CITUS (the coordinator) and DURABLE_CITUS_DIRS
#   eng/citus.sh stop "$DURABLE_CITUS_DIRS"  # stops all three and removes their folders
#   eng/citus.sh run -- command ...          # start, run the command with the variable set, stop; exit code is the command's
#
# Needs a PostgreSQL server with the extension citus installed (its packages, or 'make install' of its sources against that server); PG_BINDIR as for eng/postgres.sh.
# Environment: DURABLE_CITUS_NODES   number of data nodes, default 2
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

die() { echo "citus.sh: $*" >&2; exit 1; }

part() { sed -n "s/.*[;']$1=\([^;']*\).*/\1/p" <<< "$DURABLE_TEST_POSTGRES"; }

sql() {  # port, password, text
  PGPASSWORD=$2 "$bin/psql" -h 127.0.0.1 -p "$1" -U durable -d postgres -X -q -A -t -v ON_ERROR_STOP=1 -c "$3" >&2
}

cmd_start() {
  local dirs=() ports=() password='' node nodes=${DURABLE_CITUS_NODES:-2}
  export DURABLE_PG_EXTRA="-c shared_preload_libraries=citus -c wal_level=logical -c max_prepared_transactions=200 -c max_connections=400 -c citus.recover_2pc_interval=5s ${DURABLE_PG_EXTRA:-}"
  trap '[[ ${#dirs[@]} -eq 0 ]] || cmd_stop "${dirs[*]}"' ERR
  for node in $(seq 0 "$nodes"); do
    eval "$("$here/postgres.sh" start)"
    dirs+=("$DURABLE_PG_DIR"); ports+=("$(part Port)"); bin=$(cat "$DURABLE_PG_DIR/bindir")
    [[ -f "$("$bin/pg_config" --pkglibdir 2>/dev/null || echo /usr/lib/postgresql/"$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')"/lib)/citus.so" ]] || die "this server has no extension citus"
    # One password on all: workers of the library go to the data nodes directly, and so do the nodes among themselves.
    if [[ -z $password ]]; then password=$(part Password); else sql "$(part Port)" "$(part Password)" "alter role durable password '$password'"; fi
    sql "$(part Port)" "$password" "create extension citus"
    sql "$(part Port)" "$password" "insert into pg_dist_authinfo (nodeid, rolename, authinfo) values (0, 'durable', 'password=$password')"
  done
  sql "${ports[0]}" "$password" "select citus_set_coordinator_host('127.0.0.1', ${ports[0]})"
  for node in $(seq 1 "$nodes"); do sql "${ports[0]}" "$password" "select citus_add_node('127.0.0.1', ${ports[$node]})"; done
  echo "export DURABLE_CITUS_DIRS='${dirs[*]}'"
  echo "export DURABLE_TEST_CITUS='Host=127.0.0.1;Port=${ports[0]};Username=durable;Password=$password;Database=postgres'"
}

cmd_stop() {
  local dir
  for dir in $1; do "$here/postgres.sh" stop "$dir" || true; done
}

case "${1:-}" in
  start) cmd_start;;
  stop) cmd_stop "${2:?folders}";;
  run) shift; [[ "${1:-}" == -- && $# -gt 1 ]] || die "run -- command"; shift
       eval "$(cmd_start)"; trap 'cmd_stop "$DURABLE_CITUS_DIRS"' EXIT
       rc=0; "$@" || rc=$?; exit $rc;;
  *) sed -n '2,11p' "$0"; exit 2;;
esac
