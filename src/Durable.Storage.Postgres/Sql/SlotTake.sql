-- P4: takes slots whose holder let them expire. Rows that somebody else is taking or renewing are passed over. Locks: lease rows, skip locked.
-- $1 name, $2 holder, $3 how many there are, $4 how many it wants, $5 length.
with c as materialized (
    select k.name from (select g.i, $1 || '/' || g.i as name from generate_series(0, $3 - 1) g(i) order by g.i offset 0) s
    cross join lateral (
        select l.name from $schema.lease l
        where l.name = s.name and l.shard = 0 and l.holder is distinct from $2 and l.expires_at <= $now for update skip locked) k
    limit greatest(0, $4 - (
        select count(*) from generate_series(0, $3 - 1) g(i)
        cross join lateral (select 1 from $schema.lease l where l.name = $1 || '/' || g.i and l.shard = 0 and l.holder = $2 offset 0) mine)))
update $schema.lease l set epoch = l.epoch + 1, holder = $2, expires_at = $now + $5 where l.name = any (array(select c.name from c)) and l.shard = 0
