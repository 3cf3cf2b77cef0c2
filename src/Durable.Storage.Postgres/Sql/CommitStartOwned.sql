-- N1 and N3 for a run that its own lane runs at once: run, owned and first event, or none of them. The policy looks at the id's newest run only; the ordinal is the
-- compare-and-set (N2). Locks: one unique key per start. $1-$22 starts, $23 lane, $24-$43 first events. Returns the runs that were started.
with u as materialized (
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        u(run_id, namespace, workflow_id, shard, type, version, host_build, queue, priority, input, encoding, secret, attributes, parent, deadline_at, due_at,
          actor, correlation, trace, gate, status, hold)),
r as (
    insert into $schema.run (run_id, created_at, deadline_at, parent, gen, first_gen, ordinal, version, priority, shard, status, encoding, namespace, workflow_id, type,
        host_build, queue, actor, correlation, trace, attributes, secret, input)
    select u.run_id, $now, u.deadline_at, u.parent, 0, 0, coalesce(m.ordinal, 0) + 1, u.version, u.priority, u.shard, u.status, u.encoding, u.namespace, u.workflow_id,
        u.type, u.host_build, u.queue, u.actor, u.correlation, u.trace, u.attributes::json, u.secret, u.input
    from u left join lateral (
        select x.ordinal, x.status from $schema.run x
        where x.workflow_id = u.workflow_id and x.namespace = u.namespace and x.shard = u.shard $shards(x)
        order by x.ordinal desc limit 1) m on true
    where m.ordinal is null or (m.status >= 10 and (u.gate = 0 or (u.gate = 1 and m.status > 10)))
    on conflict do nothing
    returning run_id, shard, namespace),
e as (
    insert into $schema.event (run_id, gen, seq, shard, namespace, kind, at, ordinal, target, payload, commands, encoding, schema, crc, sender, sender_seq, actor, correlation, causation, trace)
    select e.* from unnest($24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)
        e(run_id, gen, seq, shard, namespace, kind, at, ordinal, target, payload, commands, encoding, schema, crc, sender, sender_seq, actor, correlation, causation, trace)
    where (e.run_id in (select run_id from r)) is true
    returning run_id),
o as (
    insert into $schema.owned (run_id, lane_id, gen, next_seq, attempt, shard, namespace)
    select run_id, $23, 0, case when run_id in (select run_id from e) then 1 else 0 end, 1, shard, namespace from r)
select run_id from r
