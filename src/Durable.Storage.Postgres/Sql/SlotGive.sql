-- P4: gives back those that it does not want. Locks: its own lease rows. $1 name, $2 holder, $3 how many there are, $4 how many it wants.
with m as materialized (
    select k.name from (select g.i, $1 || '/' || g.i as name from generate_series(0, $3 - 1) g(i) order by g.i offset 0) s
    cross join lateral (select l.name from $schema.lease l where l.name = s.name and l.shard = 0 and l.holder = $2) k
    offset $4)
delete from $schema.lease l where l.name = any (array(select m.name from m)) and l.shard = 0 and l.holder = $2
