-- K1: attempts that are alive; new details replace the old ones. Locks: task rows, by key, sorted. $1 run, $2 gen, $3 task_no, $4 shard, $5 token, $6 visibility, $7 details.
update $schema.task t set visible_at = least($now + u.visibility, t.deadline_at), details = coalesce(u.details, t.details)
from unnest($1, $2, $3, $4, $5, $6, $7) u(run_id, gen, task_no, shard, token, visibility, details)
where t.run_id = any (array[u.run_id]) and t.gen = u.gen and t.task_no = u.task_no and t.shard = u.shard $shards(t) and t.token = u.token
returning t.run_id, t.gen, t.task_no, u.token, t.cancel
