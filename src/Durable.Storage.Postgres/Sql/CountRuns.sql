-- How many runs fit a query.
select count(*) from $schema.run r
where r.namespace = @ns and (@type::text is null or r.type = @type) and (@statuses::smallint[] is null or r.status = any (@statuses)) $shards(r)
    and (@startedFrom::timestamptz is null or r.created_at >= @startedFrom) and (@startedBefore::timestamptz is null or r.created_at < @startedBefore)
    and (@prefix::text is null or starts_with(r.workflow_id, @prefix))
    and (@waitingFor::text is null or exists (
        select 1 from $schema.ready w
        cross join lateral json_array_elements(case when json_typeof(w.wait_reason::json) = 'array' then w.wait_reason::json else json_build_array(w.wait_reason::json) end) x
        where w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.wait_reason is not null $shards(w)
            and json_typeof(x) = 'object' and (x ->> 'kind' = @waitingFor or x ->> 'target' = @waitingFor)))
