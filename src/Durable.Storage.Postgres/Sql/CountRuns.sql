-- How many runs fit a query. $1-$7 as in ListRuns.
select count(*) from $schema.run r
where r.namespace = $1 and ($2::text is null or r.type = $2) and ($3::smallint[] is null or r.status = any ($3)) $shards(r)
    and ($4::timestamptz is null or r.created_at >= $4) and ($5::timestamptz is null or r.created_at < $5)
    and ($6::text is null or starts_with(r.workflow_id, $6))
    and ($7::text is null or exists (
        select 1 from $schema.ready w
        cross join lateral json_array_elements(case when json_typeof(w.wait_reason::json) = 'array' then w.wait_reason::json else json_build_array(w.wait_reason::json) end) x
        where w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.wait_reason is not null $shards(w)
            and json_typeof(x) = 'object' and (x ->> 'kind' = $7 or x ->> 'target' = $7)))
