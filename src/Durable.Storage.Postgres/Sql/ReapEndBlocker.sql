-- C9: ends the session of such a lane, if it is one of ours and has been in its transaction for a whole lease. No time-out of the server ends a batch that was sent
-- in part. $1 the session's application name, $2 the lease.
select pg_terminate_backend(a.pid) from pg_stat_activity a
where a.application_name = $1 and a.datname = current_database() and a.usename = current_user and a.xact_start < $now - $2
