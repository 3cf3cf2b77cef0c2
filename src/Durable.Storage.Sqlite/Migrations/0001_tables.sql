-- Migration 1: every table that the engine needs, those of later layers included, so that no later release has to change a key.
-- Conventions: run_id first in keys; ids are 16 bytes big-endian (UUIDv7: byte order is time order); times are integers, microseconds
-- since 1970 UTC (9223372036854775807 = never); payloads are blobs; booleans are 0 and 1; no table has a rowid, so a row lies in its key's tree.
-- No foreign keys and no triggers: correctness comes from conditional writes behind the lane's fence.
-- Every name begins with durable_: the file is the application's too, and its own event or task table must not clash (docs/decisions/0001).

create table durable_schema_version (
    number integer not null primary key,
    name text not null,
    hash text not null,
    applied_at integer not null
) without rowid;

-- One row: what this file is, and the place it was last accepted at.
create table durable_schema (
    id integer not null primary key,
    format integer not null,
    min_build_format integer not null,
    installation_id blob not null,
    shard_modulus integer not null,
    place text not null,
    accepted_at integer not null,
    accepted_policy text,
    constraint durable_schema_is_one_row check (id = 1),
    constraint durable_schema_installation_is_an_id check (length(installation_id) = 16),
    constraint durable_schema_modulus_fits check (shard_modulus between 1 and 32767)
) without rowid;

-- Owners. Rows change in place; the epoch is the fence, never the time.
create table durable_lane (
    lane_id integer not null primary key,
    epoch integer not null,
    commit_seq integer not null,
    expires_at integer not null,
    holder blob,
    identity text not null,
    build text not null,
    serves text not null,
    shard integer not null,
    constraint durable_lane_epoch_counts check (epoch >= 1),
    constraint durable_lane_commit_seq_counts check (commit_seq >= 0),
    constraint durable_lane_holder_is_an_id check (holder is null or length(holder) = 16)
) without rowid;

-- One row per run, for ever one inbox and one outcome.
create table durable_run (
    run_id blob not null primary key,
    namespace text not null,
    workflow_id text not null,
    ordinal integer not null,
    shard integer not null,
    type text not null,
    version integer not null,
    build text not null,
    status integer not null,
    gen integer not null,
    first_gen integer not null,
    created_at integer not null,
    closed_at integer,
    deadline_at integer,
    encoding integer not null,
    queue text not null,
    priority integer not null,
    secret blob not null,
    input blob,
    outcome blob,
    attributes text,
    parent blob,
    actor text,
    correlation text,
    trace text,
    constraint durable_run_id_is_an_id check (length(run_id) = 16),
    constraint durable_run_ordinal_counts check (ordinal >= 1),
    constraint durable_run_status_is_known check (status between 0 and 5 or status between 10 and 14),
    constraint durable_run_closed_has_a_time check ((status >= 10) = (closed_at is not null)),
    constraint durable_run_generations_count check (first_gen >= 0 and gen >= 0)
) without rowid;

-- The compare-and-set of a start: whoever saw run k of an id closed inserts k + 1 (N2).
create unique index durable_run_workflow on durable_run (workflow_id, namespace, ordinal);

-- For the purge. Written once per run, at the end of the index.
create index durable_run_closed on durable_run (closed_at) where closed_at is not null;

-- The history: an arrival and the commands that it caused. Rows are never changed.
create table durable_event (
    run_id blob not null,
    gen integer not null,
    seq integer not null,
    kind integer not null,
    at integer not null,
    ordinal integer not null,
    encoding integer not null,
    schema integer not null,
    crc integer not null,
    shard integer not null,
    namespace text not null,
    target text,
    payload blob,
    commands blob,
    sender blob,
    sender_seq integer,
    actor text,
    correlation text,
    causation text,
    trace text,
    primary key (run_id, gen, seq),
    constraint durable_event_place_counts check (gen >= 0 and seq >= 0)
) without rowid;

-- Arrivals that are in no history yet; of a closed run: dead letters.
create table durable_message (
    run_id blob not null,
    sender blob not null,
    sender_seq integer not null,
    kind integer not null,
    control integer not null,
    accepted_at integer not null,
    encoding integer not null,
    reply_gen integer not null,
    reply_ordinal integer not null,
    shard integer not null,
    namespace text not null,
    target text,
    payload blob,
    actor text,
    correlation text,
    causation text,
    trace text,
    primary key (run_id, sender, sender_seq),
    constraint durable_message_control_is_a_flag check (control in (0, 1))
) without rowid;

-- Wake rows (sender all zero, number 0: the run's token, I1) and notices (the key of a message).
create table durable_ready (
    run_id blob not null,
    sender blob not null,
    sender_seq integer not null,
    due_at integer not null,
    asap integer not null,
    control integer not null,
    shard integer not null,
    namespace text not null,
    type text,
    version integer,
    queue text,
    priority integer,
    hold integer not null,
    hold_builds text,
    wait_reason text,
    attempt integer,
    gen integer,
    next_seq integer,
    primary key (run_id, sender, sender_seq),
    constraint durable_ready_asap_is_a_flag check (asap in (0, 1)),
    constraint durable_ready_control_is_a_flag check (control in (0, 1)),
    constraint durable_ready_hold_is_bits check (hold between 0 and 7),
    constraint durable_ready_wake_row_is_whole check ((sender <> x'00000000000000000000000000000000') = (type is null)),
    constraint durable_ready_notice_is_asap check (asap = 1 or type is not null)
) without rowid;

-- A row is in one of the two: a write pays for one. Namespace first, so that one tenant's backlog does not stand before another's rows.
-- Rows held as paused (1) or quarantined (4) are in neither: only a control notice leads to them.
create index durable_ready_due on durable_ready (namespace, due_at) where asap = 0 and (hold & 5) = 0;
create index durable_ready_asap on durable_ready (namespace, due_at) where asap = 1 and (hold & 5) = 0;
-- Held runs, few: for their deadlines. All other rows pay nothing for it.
create index durable_ready_held on durable_ready (run_id) where hold <> 0;

-- Runs in a lane's hands. No index on lane_id: it would cost each close more than the rare takeover gains.
create table durable_owned (
    run_id blob not null primary key,
    lane_id integer not null,
    gen integer not null,
    next_seq integer not null,
    attempt integer not null,
    shard integer not null,
    namespace text not null,
    constraint durable_owned_attempt_counts check (attempt >= 1)
) without rowid;

-- Activities as rows: queued, to be tried again, with heartbeat, or transactional.
create table durable_task (
    run_id blob not null,
    gen integer not null,
    task_no integer not null,
    queue text not null,
    visible_at integer not null,
    priority integer not null,
    activity text not null,
    attempt integer not null,
    logical_attempt integer not null,
    visibility integer not null,
    cancel integer not null,
    encoding integer not null,
    shard integer not null,
    namespace text not null,
    token blob,
    deadline_at integer,
    details blob,
    failures blob,
    payload blob,
    primary key (run_id, gen, task_no),
    constraint durable_task_attempts_count check (attempt >= 0 and logical_attempt >= 0),
    constraint durable_task_cancel_is_a_flag check (cancel in (0, 1)),
    constraint durable_task_token_is_an_id check (token is null or length(token) = 16)
) without rowid;

create index durable_task_visible on durable_task (queue, namespace, visible_at);
create index durable_task_deadline on durable_task (deadline_at) where deadline_at is not null;

create table durable_schedule (
    name text not null,
    namespace text not null,
    version integer not null,
    next_fire_at integer,
    definition text not null,
    paused_note text,
    shard integer not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (name, namespace),
    constraint durable_schedule_version_counts check (version >= 1)
) without rowid;

create index durable_schedule_next on durable_schedule (next_fire_at) where next_fire_at is not null;

create table durable_lease (
    name text not null primary key,
    holder blob not null,
    epoch integer not null,
    expires_at integer not null,
    units integer not null,
    constraint durable_lease_epoch_counts check (epoch >= 1),
    constraint durable_lease_units_count check (units >= 0)
) without rowid;

create table durable_document (
    kind text not null,
    key text not null,
    namespace text not null,
    version integer not null,
    json text not null,
    run_id blob,
    shard integer not null,
    updated_at integer not null,
    primary key (kind, key, namespace),
    constraint durable_document_version_counts check (version >= 1)
) without rowid;

create index durable_document_run on durable_document (run_id) where run_id is not null;

create table durable_blob (
    run_id blob not null,
    name text not null,
    namespace text not null,
    content blob not null,
    encoding integer not null,
    shard integer not null,
    created_at integer not null,
    primary key (run_id, name)
) without rowid;

-- One row per batch: which runs it touched, 28 bytes each (run_id, gen, first seq, last seq; big-endian). Gap-free per lane: the feed.
create table durable_commit_log (
    lane_id integer not null,
    commit_seq integer not null,
    at integer not null,
    shard integer not null,
    runs blob not null,
    primary key (lane_id, commit_seq)
) without rowid;

-- Messages that leave the shard group; empty while there is one group.
create table durable_outgoing (
    run_id blob not null,
    seq integer not null,
    target_run_id blob not null,
    target_shard integer not null,
    kind integer not null,
    control integer not null,
    target text,
    payload blob,
    encoding integer not null,
    accepted_at integer not null,
    reply_gen integer not null,
    reply_ordinal integer not null,
    actor text,
    correlation text,
    causation text,
    trace text,
    shard integer not null,
    namespace text not null,
    primary key (run_id, seq)
) without rowid;

-- For people: the rows as text, times as ISO 8601. Nothing in the engine reads the views.
create view durable_runs as
select lower(hex(r.run_id)) as run_id, r.namespace, r.workflow_id, r.ordinal, r.type, r.version, r.build,
    case r.status when 0 then 'Pending' when 1 then 'Running' when 2 then 'Paused' when 3 then 'Cancelling' when 4 then 'Stalled' when 5 then 'Quarantined'
        when 10 then 'Completed' when 11 then 'Failed' when 12 then 'Cancelled' when 13 then 'Terminated' when 14 then 'TimedOut' end as status,
    r.gen, strftime('%Y-%m-%dT%H:%M:%SZ', r.created_at / 1000000, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%SZ', r.closed_at / 1000000, 'unixepoch') as closed_at,
    case when r.encoding = 0 then cast(r.outcome as text) end as outcome, r.attributes, w.wait_reason,
    strftime('%Y-%m-%dT%H:%M:%SZ', nullif(w.due_at, 9223372036854775807) / 1000000, 'unixepoch') as due_at,
    l.identity as owner
from durable_run r
left join durable_ready w on w.run_id = r.run_id and w.sender = x'00000000000000000000000000000000' and w.sender_seq = 0
left join durable_owned o on o.run_id = r.run_id
left join durable_lane l on l.lane_id = o.lane_id;

create view durable_stuck as
select lower(hex(w.run_id)) as run_id, w.namespace, r.workflow_id, w.type, w.version, w.queue,
    (w.hold & 1) <> 0 as paused, (w.hold & 2) <> 0 as stalled, (w.hold & 4) <> 0 as quarantined, w.hold_builds, w.wait_reason, w.attempt
from durable_ready w join durable_run r on r.run_id = w.run_id
where w.sender = x'00000000000000000000000000000000' and w.sender_seq = 0 and w.hold <> 0;

create view durable_events as
select lower(hex(e.run_id)) as run_id, e.gen, e.seq, e.kind, strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000000.0, 'unixepoch') as at, e.ordinal, e.target,
    case when e.encoding = 0 then cast(e.payload as text) end as payload, cast(e.commands as text) as commands, e.actor, e.correlation, e.causation
from durable_event e;
