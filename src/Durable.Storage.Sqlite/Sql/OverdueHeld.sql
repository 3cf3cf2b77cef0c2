-- Held runs whose deadline is over: nobody keeps a timer for them.
-- Reads all of durable_ready_held, which holds only held runs, then the key of durable_run. Bound: limit rows.
select w.run_id, w.namespace, w.shard
from durable_ready w cross join durable_run r on r.run_id = w.run_id
where w.hold <> 0 and r.deadline_at <= :now
limit :limit
