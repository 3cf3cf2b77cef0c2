-- Where a run is: messages that wait, at most 10,000 counted. $1 run.
select count(*)::int from (select 1 from $schema.message m where m.run_id = $1 $shards(m) limit 10000) m
