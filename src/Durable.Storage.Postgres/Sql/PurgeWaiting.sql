-- P2, M2: which of these runs still have rows on their way to other groups: they are kept until those have arrived. $1 runs.
select u.run_id from unnest($1) u(run_id) where exists (select 1 from $schema.outgoing o where o.sender = any (array[u.run_id]) $shards(o))
