-- How many runs fit a query.
select count(*) from $schema.run r
where r.namespace = @ns and (@type::text is null or r.type = @type) and (@statuses::smallint[] is null or r.status = any (@statuses))
    and (@startedFrom::timestamptz is null or r.created_at >= @startedFrom) and (@startedBefore::timestamptz is null or r.created_at < @startedBefore)
    and (@prefix::text is null or starts_with(r.workflow_id, @prefix))
    and (@waitingFor::text is null or exists (
        select 1 from $schema.ready w
        where w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 and w.wait_reason is not null
            and (w.wait_reason::json ->> 'kind' = @waitingFor or w.wait_reason::json ->> 'target' = @waitingFor)))
