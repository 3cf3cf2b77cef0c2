-- The runs of a lane (O1, R2), with what a wake row or an adoption needs: generation and length of the history as they are now.
-- Reads all of owned, which has no index on lane_id on purpose: rare. Bound: limit rows.
select o.run_id, o.attempt, o.gen, o.next_seq, r.gen, coalesce((select max(e.seq) + 1 from event e where e.run_id = o.run_id and e.gen = r.gen), 0),
    r.type, r.version, r.queue, r.priority, r.status, o.shard, o.namespace
from owned o cross join run r on r.run_id = o.run_id
where o.lane_id = :lane_id
order by o.run_id limit :limit
