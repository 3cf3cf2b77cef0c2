-- A page of runs, newest first, by key: run ids begin with their time. The statement is built for reading, not for speed.
-- $1 namespace, each of these or null: $2 type, $3 statuses, $4 started from, $5 started before, $6 prefix of the workflow id, $7 what it waits for, $8 behind this run (no id is as high as the one that stands for null); $9 at most.
select r.run_id, r.namespace, r.workflow_id, r.ordinal, r.shard, r.type, r.version, r.host_build, r.status, r.gen, r.first_gen, r.created_at, r.closed_at, r.deadline_at, r.input, r.outcome, r.encoding, r.secret, r.attributes::text, r.queue, r.priority, r.parent, r.actor, r.correlation, r.trace
from $schema.run r
where r.namespace = $1 and ($2::text is null or r.type = $2) and ($3::smallint[] is null or r.status = any ($3)) $shards(r)
    and ($4::timestamptz is null or r.created_at >= $4) and ($5::timestamptz is null or r.created_at < $5)
    and ($6::text is null or starts_with(r.workflow_id, $6))
    and ($7::text is null or exists (
        select 1 from $schema.ready w
        cross join lateral json_array_elements(case when json_typeof(w.wait_reason::json) = 'array' then w.wait_reason::json else json_build_array(w.wait_reason::json) end) x
        where w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.wait_reason is not null $shards(w)
            and json_typeof(x) = 'object' and (x ->> 'kind' = $7 or x ->> 'target' = $7)))
    and r.run_id < coalesce($8, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by r.run_id desc limit $9
