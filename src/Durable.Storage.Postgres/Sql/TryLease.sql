-- P3: takes or renews a named lease by compare-and-set; the epoch rises with each new holder. The clock is read in the first line only: engines that spread their tables take it nowhere else (decision 11). Locks: the lease row. $1 name, $2 holder, $3 length.
insert into $schema.lease as l (name, shard, epoch, expires_at, holder, units) values ($1, 0, 1, $now + $3, $2, 1)
on conflict (name, shard) do update
set epoch = case when l.holder = $2 then l.epoch else l.epoch + 1 end, holder = $2, expires_at = excluded.expires_at
where l.holder is null or l.holder = $2 or l.expires_at < excluded.expires_at - $3
returning epoch
