-- Distributes schema $schema over a Citus cluster. Run it on the coordinator, as the owner of the tables, after the migrations and again after each of them: what is done already is
-- left alone. From a database in use: stop all hosts first (a host that was killed: start one and stop it in order); rows are then moved with their tables.
do $check$ begin
    if to_regclass('pg_dist_partition') is null then
        raise exception 'this database has no extension citus: run create extension citus on every server of the cluster first';
    end if;
    if to_regclass('$schema.run') is null then
        raise exception 'schema $schema is missing or not migrated: run the migrations first';
    end if;
    if (select shard_modulus from $schema.installation where one = 1) <> $modulus then
        raise exception 'the runs of $schema were stored with another number of shard values than $modulus';
    end if;
    if not exists (select 1 from pg_dist_partition where logicalrelid = '$schema.run'::regclass) then
        if exists (select 1 from $schema.owned) then
            raise exception 'runs of $schema are in the hands of hosts: stop all hosts in order first, so that every run is given back';
        end if;
    end if;
end $check$;

$tables
-- The views join lanes, which are placed by a shard of their own: they are read first.
create or replace view $schema.durable_runs as
with lanes as materialized (select lane_id, identity from $schema.lane)
select r.namespace, r.workflow_id, r.run_id, r.ordinal, r.type, r.version,
    case r.status when 0 then 'Pending' when 1 then 'Running' when 2 then 'Paused' when 3 then 'Cancelling' when 4 then 'Stalled' when 5 then 'Quarantined'
        when 10 then 'Completed' when 11 then 'Failed' when 12 then 'Cancelled' when 13 then 'Terminated' when 14 then 'TimedOut' end as status,
    r.gen as generation, r.created_at, r.closed_at, r.deadline_at, r.queue, r.priority, r.parent, r.host_build, r.actor, r.correlation, r.attributes,
    w.wait_reason, nullif(w.due_at, 'infinity') as due_at, l.identity as owner,
    case when r.outcome is not null and r.encoding = 0 then convert_from(r.outcome, 'UTF8') end as outcome
from $schema.run r
left join $schema.ready w on w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0
left join $schema.owned o on o.run_id = r.run_id and o.shard = r.shard
left join lanes l on l.lane_id = o.lane_id;

create or replace view $schema.durable_stuck as
with served as materialized (
    select distinct s.name from (select unnest(l.serves) as name from $schema.lane l where l.holder is not null and l.expires_at > clock_timestamp()) s)
select r.namespace, r.workflow_id, r.run_id, r.type, r.version,
    case when w.hold & 4 > 0 then 'quarantined' when w.hold & 2 > 0 then 'stalled' when w.hold & 1 > 0 then 'paused'
        when coalesce(o.attempt, w.attempt) >= 5 then 'keeps failing its workers'
        when w.run_id is not null and s.name is null then 'no live worker serves it'
        else 'overdue' end as reason,
    coalesce(o.attempt, w.attempt) as attempt, w.hold_builds, w.wait_reason, r.created_at, nullif(w.due_at, 'infinity') as due_at,
    clock_timestamp() - case when w.due_at <= clock_timestamp() then w.due_at else r.created_at end as age
from $schema.run r
left join $schema.ready w on w.run_id = r.run_id and w.shard = r.shard and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0
left join $schema.owned o on o.run_id = r.run_id and o.shard = r.shard
left join served s on s.name = r.type || '@' || r.version
where r.status < 10 and (w.hold > 0 or coalesce(o.attempt, w.attempt) >= 5
    or (w.run_id is not null and s.name is null)
    or (w.run_id is not null and w.due_at < clock_timestamp() - interval '1 minute'));
