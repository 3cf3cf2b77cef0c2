#!/usr/bin/env bash
# A throw-away PostgreSQL for tests: no root cluster touched, own data folder, own free port.
#
#   eval "$(eng/postgres.sh start)"          # sets DURABLE_TEST_POSTGRES and DURABLE_PG_DIR
#   eng/postgres.sh stop "$DURABLE_PG_DIR"   # stops it (immediate) and removes the folder
#   eng/postgres.sh run -- dotnet test ...   # start, run the command with the variable set, stop; exit code is the command's
#   eng/postgres.sh crash|restart "$DURABLE_PG_DIR"   # kill -9 style stop / start again on the same port (durability tests)
#
# Options of start and run:
#   --safe      fsync=on, synchronous_commit=on, full_page_writes=on (default is off for speed)
#   --install   if no server is found and we are root: apt-get install postgresql
# Environment:
#   PG_BINDIR             folder with initdb, postgres, pg_ctl (default: newest of /usr/lib/postgresql/*/bin, else PATH)
#   DURABLE_PG_EXTRA      extra postgres options, e.g. "-c max_connections=400"
#   DURABLE_PG_TEMPLATE   an empty folder of the caller's: the first start leaves its fresh cluster there, later ones copy it (and share its password)
set -euo pipefail

die() { echo "postgres.sh: $*" >&2; exit 1; }

find_bindir() {
  if [[ -n "${PG_BINDIR:-}" ]]; then echo "$PG_BINDIR"; return; fi
  local d
  d=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
  if [[ -n "$d" && -x "$d/initdb" && -x "$d/postgres" ]]; then echo "$d"; return; fi
  if command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1; then
    dirname "$(readlink -f "$(command -v initdb)")"; return
  fi
  return 1
}

install_pg() {
  [[ $EUID -eq 0 ]] || die "no PostgreSQL server found (set PG_BINDIR, or install the package 'postgresql')"
  # do not let Debian create and start the 'main' cluster
  mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >&2
}

# initdb and postgres refuse to run as root: drop to 'postgres' (Debian's) or to 'nobody'
as_pg() {
  if [[ $EUID -ne 0 ]]; then "$@"; return; fi
  local u=postgres; id -u "$u" >/dev/null 2>&1 || u=nobody
  setpriv --reuid "$u" --regid "$(id -g "$u")" --clear-groups env -u HOME "$@"
}

free_port() {
  local p
  for _ in $(seq 1 50); do
    p=$(( 20000 + RANDOM % 12000 ))       # below the Linux ephemeral range (32768+)
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "$p"; return; fi
  done
  die "no free port"
}

start_server() {  # dir
  local dir=$1 port opts
  port=$(cat "$dir/port"); opts=$(cat "$dir/opts")
  as_pg "$(cat "$dir/bindir")/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s \
     -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= $opts" start >&2 \
     || { tail -n 20 "$dir/log" >&2 || true; return 1; }
}

# A fresh cluster in the folder: initdb's, or a copy of what it made before. initdb takes a second of a whole core, a copy next to nothing.
make_cluster() {  # dir, bin
  local dir=$1 bin=$2 template=${DURABLE_PG_TEMPLATE:-} part
  if [[ -n $template && -d $template/ready ]]; then cp -a "$template/ready/data" "$template/ready/pw" "$dir/"; return; fi
  (umask 077; od -An -N12 -tx1 /dev/urandom | tr -d ' \n' > "$dir/pw"); [[ $EUID -ne 0 ]] || chown --reference="$dir" "$dir/pw"
  as_pg "$bin/initdb" -D "$dir/data" -U durable -A scram-sha-256 --pwfile="$dir/pw" -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; return 1; }
  [[ -n $template ]] || return 0
  part=$(mktemp -d "$template/part.XXXXXX")
  cp -a "$dir/data" "$dir/pw" "$part/"
  mv -T "$part" "$template/ready" 2>/dev/null || rm -rf "$part"       # somebody else was first
}

cmd_start() {
  local safe=0 install=0
  while [[ $# -gt 0 ]]; do case $1 in --safe) safe=1;; --install) install=1;; *) die "unknown option $1";; esac; shift; done
  local bin; bin=$(find_bindir) || { [[ $install -eq 1 ]] && install_pg && bin=$(find_bindir); } \
     || die "no PostgreSQL server found (set PG_BINDIR, or run with --install as root)"
  local dir pw; dir=$(mktemp -d "${TMPDIR:-/tmp}/durable-pg.XXXXXX"); chmod 711 "$dir"
  local opts="-c max_connections=200 -c shared_buffers=64MB ${DURABLE_PG_EXTRA:-}"
  [[ $safe -eq 1 ]] || opts="-c fsync=off -c synchronous_commit=off -c full_page_writes=off $opts"
  echo "$bin" > "$dir/bindir"; echo "$opts" > "$dir/opts"
  if [[ $EUID -eq 0 ]]; then chown "$(id -u postgres 2>/dev/null || id -u nobody)" "$dir"; fi
  make_cluster "$dir" "$bin" || { rm -rf "$dir"; die "initdb failed"; }
  pw=$(cat "$dir/pw")
  local ok=0 try
  for try in 1 2 3; do                       # another process may take the port between the check and the bind
    free_port > "$dir/port"
    if start_server "$dir"; then ok=1; break; fi
  done
  [[ $ok -eq 1 ]] || { rm -rf "$dir"; die "server did not start"; }
  echo "export DURABLE_PG_DIR='$dir'"
  echo "export DURABLE_TEST_POSTGRES='Host=127.0.0.1;Port=$(cat "$dir/port");Username=durable;Password=$pw;Database=postgres'"
}

cmd_stop() {
  local dir=${1:?folder}; [[ -d "$dir/data" && -f "$dir/bindir" ]] || die "$dir is not a throw-away server"
  as_pg "$(cat "$dir/bindir")/pg_ctl" -D "$dir/data" -m immediate -w -s stop >&2 || true
  rm -rf "$dir"
}

case "${1:-}" in
  start) shift; cmd_start "$@";;
  stop) shift; cmd_stop "$@";;
  crash) as_pg "$(cat "$2/bindir")/pg_ctl" -D "$2/data" -m immediate -w -s stop >&2;;
  restart) start_server "$2";;
  run) shift; args=(); while [[ $# -gt 0 && $1 != -- ]]; do args+=("$1"); shift; done; [[ $# -gt 1 ]] || die "run [options] -- command"; shift
       eval "$(cmd_start "${args[@]}")"; trap 'cmd_stop "$DURABLE_PG_DIR"' EXIT
       rc=0; "$@" || rc=$?; exit $rc;;
  *) sed -n '2,16p' "$0"; exit 2;;
esac
