-- A run from an export: closed as it was, or paused with a held wake row. $1-$22 as a start, $23 generation, $24 first generation stored, $25 length of the current
-- generation, $26 end status or null, $27 outcome, $28 encoding of it. Returns the run if its gate let it in.
with u as materialized (
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        u(run_id, namespace, workflow_id, shard, type, version, host_build, queue, priority, input, encoding, secret, attributes, parent, deadline_at, due_at,
          actor, correlation, trace, gate, status, hold)),
r as (
    insert into $schema.run (run_id, created_at, closed_at, deadline_at, parent, gen, first_gen, ordinal, version, priority, shard, status, encoding, namespace, workflow_id,
        type, host_build, queue, actor, correlation, trace, attributes, secret, input, outcome)
    select u.run_id, $now, case when $26::smallint is not null then $now end, u.deadline_at, u.parent, $23, $24, coalesce(m.ordinal, 0) + 1, u.version, u.priority, u.shard,
        coalesce($26, 2), coalesce($28, u.encoding), u.namespace, u.workflow_id, u.type, u.host_build, u.queue, u.actor, u.correlation, u.trace, u.attributes::json, u.secret,
        u.input, $27
    from u left join lateral (
        select x.ordinal, x.status from $schema.run x
        where x.workflow_id = u.workflow_id and x.namespace = u.namespace and x.shard = u.shard $shards(x)
        order by x.ordinal desc limit 1) m on true
    where m.ordinal is null or (m.status >= 10 and (u.gate = 0 or (u.gate = 1 and m.status > 10)))
    on conflict do nothing
    returning run_id),
w as (
    insert into $schema.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
    select u.run_id, '00000000-0000-0000-0000-000000000000', 0, $now, $23, $25, u.version, u.priority, 0, u.shard, u.hold | 1, false, true, false, u.namespace,
        u.type, u.queue
    from u where $26::smallint is null and (u.run_id in (select run_id from r)) is true)
select run_id from r
