-- The runs of a lane (O1, R2), with what a wake row or an adoption needs: generation and length of the history as they are now.
-- Reads all of durable_owned, which has no index on lane_id on purpose: rare. Bound: limit rows.
select o.run_id, o.attempt, o.gen, o.next_seq, r.gen, coalesce((select max(e.seq) + 1 from durable_event e where e.run_id = o.run_id and e.gen = r.gen), 0),
    r.type, r.version, r.queue, r.priority, r.status, o.shard, o.namespace
from durable_owned o cross join durable_run r on r.run_id = o.run_id
where o.lane_id = :lane_id
order by o.run_id limit :limit
