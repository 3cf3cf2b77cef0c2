-- TaskRetry for an engine that spreads its tables: an update may not add a column to the clock. Parameters as there.
with u as materialized (
    select n.*, $now + n.delay as until from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) n(run_id, gen, task_no, shard, token, delay, logical_attempt, failure, never_began))
update $schema.task t set token = null, visible_at = u.until, attempt = t.attempt - u.never_began, logical_attempt = u.logical_attempt, failure = coalesce(u.failure, t.failure)
from u
where t.run_id = any (array[u.run_id]) and t.gen = u.gen and t.task_no = u.task_no and t.shard = u.shard $shards(t) and t.token = u.token
returning t.run_id, t.gen, t.task_no, u.token
