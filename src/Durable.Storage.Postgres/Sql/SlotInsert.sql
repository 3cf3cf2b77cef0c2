-- P4: takes slots that nobody has; says how many it has now. Locks: none but the keys of what it inserts, in order. $1 name, $2 holder, $3 how many there are,
-- $4 how many it wants, $5 length.
with have as materialized (
    select count(*) as n from generate_series(0, $3 - 1) g(i)
    cross join lateral (select 1 from $schema.lease l where l.name = $1 || '/' || g.i and l.shard = 0 and l.holder = $2 offset 0) mine),
i as (
    insert into $schema.lease as l (name, shard, epoch, expires_at, holder, units)
    select s.name, 0, 1, $now + $5, $2, 1 from (select g.i, $1 || '/' || g.i as name from generate_series(0, $3 - 1) g(i) order by g.i offset 0) s
    left join lateral (select l.name from $schema.lease l where l.name = s.name and l.shard = 0 offset 0) k on true
    where k.name is null order by s.i limit greatest(0, $4 - (select n from have))
    on conflict (name, shard) do nothing
    returning 1)
select ((select n from have) + (select count(*) from i))::int
