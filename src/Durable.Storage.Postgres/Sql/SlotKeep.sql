-- P4: renews the slots that a holder has, up to as many as it wants. Locks: its own lease rows, in order. $1 name, $2 holder, $3 how many there are, $4 how many it wants, $5 length.
with m as materialized (
    select k.name from (select g.i, $1 || '/' || g.i as name from generate_series(0, $3 - 1) g(i) order by g.i offset 0) s
    cross join lateral (select l.name from $schema.lease l where l.name = s.name and l.shard = 0 and l.holder = $2 for update) k
    limit $4)
update $schema.lease l set expires_at = $now + $5 where l.name = any (array(select m.name from m)) and l.shard = 0 and l.holder = $2
