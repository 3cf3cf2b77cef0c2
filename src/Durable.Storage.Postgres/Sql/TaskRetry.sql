-- K2: an attempt that is to be tried again gives its row back. Locks: task rows, by key, sorted.
-- $1 run, $2 gen, $3 task_no, $4 shard, $5 token, $6 delay, $7 attempts that count, $8 failures, $9 1 to take the count back.
update $schema.task t set token = null, visible_at = $now + u.delay, attempt = t.attempt - u.never_began, logical_attempt = u.logical_attempt, failure = coalesce(u.failure, t.failure)
from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) u(run_id, gen, task_no, shard, token, delay, logical_attempt, failure, never_began)
where t.run_id = any (array[u.run_id]) and t.gen = u.gen and t.task_no = u.task_no and t.shard = u.shard $shards(t) and t.token = u.token
returning t.run_id, t.gen, t.task_no, u.token
