-- format: 1
-- All shapes of the store. Keys start with the run and contain the shard; nothing that changes is indexed except where a row waits for its time.

create table $schema.run (
    run_id uuid not null,
    created_at timestamptz not null,
    closed_at timestamptz,
    deadline_at timestamptz,
    parent uuid,
    gen int not null,
    first_gen int not null,
    ordinal int not null,
    version int not null,
    priority int not null,
    shard smallint not null,
    status smallint not null,
    encoding smallint not null,
    namespace text not null,
    workflow_id text not null,
    type text not null,
    host_build text not null,
    queue text not null,
    actor text,
    correlation text,
    trace text,
    attributes json,
    secret bytea not null,
    input bytea,
    outcome bytea,
    constraint run_key primary key (run_id, shard),
    constraint run_status_is_known check (status between 0 and 5 or status between 10 and 14),
    constraint run_is_closed_when_it_ended check ((status >= 10) = (closed_at is not null)),
    constraint run_counts_from_one check (ordinal >= 1 and gen >= 0 and first_gen >= 0),
    constraint run_secret_is_long_enough check (octet_length(secret) >= 16)
) with (fillfactor = 45);
-- The compare-and-set of starts (N2). Prefix lookups by workflow id use it too.
create unique index run_workflow on $schema.run (workflow_id, ordinal, shard, namespace);

create table $schema.event (
    run_id uuid not null,
    at timestamptz not null,
    sender uuid,
    sender_seq bigint not null,
    gen int not null,
    seq int not null,
    ordinal int not null,
    crc int not null,
    shard smallint not null,
    kind smallint not null,
    encoding smallint not null,
    schema smallint not null,
    namespace text not null,
    target text,
    payload bytea,
    commands bytea,
    actor text,
    correlation text,
    causation text,
    trace text,
    constraint event_key primary key (run_id, gen, shard, seq),
    constraint event_counts_from_zero check (gen >= 0 and seq >= 0)
) $event_partitioning;

create table $schema.message (
    run_id uuid not null,
    sender uuid not null,
    sender_seq bigint not null,
    accepted_at timestamptz not null,
    reply_gen int not null,
    reply_ordinal int not null,
    shard smallint not null,
    kind smallint not null,
    encoding smallint not null,
    control boolean not null,
    namespace text not null,
    target text,
    payload bytea,
    actor text,
    correlation text,
    causation text,
    trace text,
    constraint message_key primary key (run_id, sender, sender_seq, shard)
);

-- Wake rows (sender all zero, mail false) and notices (mail true). Rows are inserted and deleted, never updated.
create table $schema.ready (
    run_id uuid not null,
    sender uuid not null,
    sender_seq bigint not null,
    due_at timestamptz not null,
    gen int not null,
    next_seq int not null,
    version int not null,
    priority int not null,
    attempt int not null,
    shard smallint not null,
    hold smallint not null,
    mail boolean not null,
    asap boolean not null,
    control boolean not null,
    namespace text not null,
    type text not null,
    queue text not null,
    hold_builds text[],
    wait_reason text,
    constraint ready_key primary key (run_id, sender, sender_seq, shard),
    constraint ready_is_notice_or_wake_row check (mail = (sender <> '00000000-0000-0000-0000-000000000000')),
    constraint ready_notice_is_asap check (asap or not mail),
    constraint ready_hold_is_known check (hold between 0 and 7)
);
-- One range for each kind of look: notices, wake rows due at once, wake rows due by the clock; each in order of due_at.
create index ready_look on $schema.ready (namespace, mail, asap, due_at);
-- Held runs, few: for their deadlines. All other rows pay nothing for it.
create index ready_held on $schema.ready (run_id) where hold <> 0;

create table $schema.owned (
    run_id uuid not null,
    lane_id bigint not null,
    gen int not null,
    next_seq int not null,
    attempt int not null,
    shard smallint not null,
    namespace text not null,
    constraint owned_key primary key (run_id, shard)
);

create table $schema.task (
    run_id uuid not null,
    visible_at timestamptz not null,
    deadline_at timestamptz,
    token uuid,
    visibility interval not null,
    gen int not null,
    task_no int not null,
    priority int not null,
    attempt int not null,
    logical_attempt int not null,
    shard smallint not null,
    encoding smallint not null,
    cancel boolean not null,
    namespace text not null,
    activity text not null,
    queue text not null,
    details bytea,
    failure bytea,
    payload bytea,
    constraint task_key primary key (run_id, gen, task_no, shard),
    constraint task_attempts_count_up check (attempt >= 0 and logical_attempt >= 0)
) with (fillfactor = 70);
create index task_queue on $schema.task (queue, namespace, visible_at);
create index task_deadline on $schema.task (deadline_at);

create table $schema.lane (
    lane_id bigint not null,
    epoch bigint not null,
    commit_seq bigint not null,
    expires_at timestamptz not null,
    opened_at timestamptz not null,
    died_at timestamptz,
    holder uuid,
    previous uuid,
    shard smallint not null,
    released boolean not null,
    identity text not null,
    host_build text not null,
    serves text[] not null,
    constraint lane_key primary key (lane_id, shard),
    constraint lane_counts_up check (epoch >= 1 and commit_seq >= 0),
    constraint lane_is_dead_without_holder check ((holder is null) = (died_at is not null))
) with (fillfactor = 50);

create table $schema.commit_log (
    lane_id bigint not null,
    commit_seq bigint not null,
    at timestamptz not null,
    shard smallint not null,
    runs bytea,
    constraint commit_log_key primary key (lane_id, commit_seq, shard)
);

create table $schema.outgoing (
    sender uuid not null,
    seq bigint not null,
    accepted_at timestamptz not null,
    target_run uuid not null,
    reply_gen int not null,
    reply_ordinal int not null,
    shard smallint not null,
    target_shard smallint not null,
    kind smallint not null,
    encoding smallint not null,
    control boolean not null,
    namespace text not null,
    target text,
    payload bytea,
    actor text,
    correlation text,
    causation text,
    trace text,
    constraint outgoing_key primary key (sender, seq, shard)
);

create table $schema.schedule (
    name text not null,
    shard smallint not null,
    namespace text not null,
    version int not null,
    next_fire_at timestamptz,
    updated_at timestamptz not null,
    paused boolean not null,
    spec json not null,
    state json,
    constraint schedule_key primary key (name, shard, namespace)
);

create table $schema.lease (
    name text not null,
    shard smallint not null,
    epoch bigint not null,
    expires_at timestamptz not null,
    holder uuid,
    units int not null,
    constraint lease_key primary key (name, shard)
);

create table $schema.document (
    kind text not null,
    key text not null,
    shard smallint not null,
    namespace text not null,
    version int not null,
    run_id uuid,
    updated_at timestamptz not null,
    json text not null,
    constraint document_key primary key (kind, key, shard, namespace),
    constraint document_counts_from_one check (version >= 1)
);
create index document_run on $schema.document (run_id);

create table $schema.blob (
    run_id uuid not null,
    created_at timestamptz not null,
    shard smallint not null,
    encoding smallint not null,
    name text not null,
    namespace text not null,
    media_type text,
    data bytea not null,
    constraint blob_key primary key (run_id, name, shard)
);

-- For people. Their columns are kept compatible; everything else above may change with a release.
create view $schema.durable_runs as
select r.namespace, r.workflow_id, r.run_id, r.ordinal, r.type, r.version,
    case r.status when 0 then 'Pending' when 1 then 'Running' when 2 then 'Paused' when 3 then 'Cancelling' when 4 then 'Stalled' when 5 then 'Quarantined'
        when 10 then 'Completed' when 11 then 'Failed' when 12 then 'Cancelled' when 13 then 'Terminated' when 14 then 'TimedOut' end as status,
    r.gen as generation, r.created_at, r.closed_at, r.deadline_at, r.queue, r.priority, r.parent, r.host_build, r.actor, r.correlation, r.attributes,
    w.wait_reason, nullif(w.due_at, 'infinity') as due_at, l.identity as owner,
    case when r.outcome is not null and r.encoding = 0 then convert_from(r.outcome, 'UTF8') end as outcome
from $schema.run r
left join $schema.ready w on w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0
left join $schema.owned o on o.run_id = r.run_id and o.shard = r.shard
left join $schema.lane l on l.lane_id = o.lane_id;

create view $schema.durable_stuck as
select r.namespace, r.workflow_id, r.run_id, r.type, r.version,
    case when w.hold & 4 > 0 then 'quarantined' when w.hold & 2 > 0 then 'stalled' when w.hold & 1 > 0 then 'paused'
        when coalesce(o.attempt, w.attempt) >= 5 then 'keeps failing its workers'
        when w.run_id is not null and not s.served then 'no live worker serves it'
        else 'overdue' end as reason,
    coalesce(o.attempt, w.attempt) as attempt, w.hold_builds, w.wait_reason, r.created_at, nullif(w.due_at, 'infinity') as due_at,
    clock_timestamp() - case when w.due_at <= clock_timestamp() then w.due_at else r.created_at end as age
from $schema.run r
left join $schema.ready w on w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0
left join $schema.owned o on o.run_id = r.run_id and o.shard = r.shard
cross join lateral (select exists (select 1 from $schema.lane l where l.holder is not null and l.expires_at > clock_timestamp()
    and (r.type || '@' || r.version) = any (l.serves)) as served) s
where r.status < 10 and (w.hold > 0 or coalesce(o.attempt, w.attempt) >= 5
    or (w.run_id is not null and not s.served)
    or (w.run_id is not null and w.due_at < clock_timestamp() - interval '1 minute'));

create view $schema.durable_events as
select e.namespace, r.workflow_id, e.run_id, e.gen as generation, e.seq, e.at, e.kind, e.ordinal, e.target, e.actor, e.correlation, e.causation,
    case when e.payload is not null and e.encoding = 0 then convert_from(e.payload, 'UTF8') end as payload,
    case when e.commands is not null and e.encoding = 0 then convert_from(e.commands, 'UTF8') end as commands
from $schema.event e
left join $schema.run r on r.run_id = e.run_id and r.shard = e.shard;
