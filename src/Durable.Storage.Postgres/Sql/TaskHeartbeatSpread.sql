-- TaskHeartbeat for an engine that spreads its tables: an update may not add a column to the clock. Parameters as there.
with u as materialized (
    select n.*, $now + n.visibility as until from unnest($1, $2, $3, $4, $5, $6, $7) n(run_id, gen, task_no, shard, token, visibility, details))
update $schema.task t set visible_at = least(u.until, t.deadline_at), details = coalesce(u.details, t.details)
from u
where t.run_id = any (array[u.run_id]) and t.gen = u.gen and t.task_no = u.task_no and t.shard = u.shard $shards(t) and t.token = u.token
returning t.run_id, t.gen, t.task_no, u.token, t.cancel
