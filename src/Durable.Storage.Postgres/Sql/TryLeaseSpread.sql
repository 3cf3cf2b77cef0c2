-- TryLease for an engine that spreads its tables: an insert may not compare with its clock. Two first comers meet in the key. Parameters as there.
with u as (
    update $schema.lease l set epoch = case when l.holder = $2 then l.epoch else l.epoch + 1 end, holder = $2, expires_at = $now + $3
    where l.name = $1 and l.shard = 0 and (l.holder is null or l.holder = $2 or l.expires_at < $now)
    returning l.epoch),
i as (
    insert into $schema.lease (name, shard, epoch, expires_at, holder, units) values ($1, 0, 1, $now + $3, $2, 1)
    on conflict (name, shard) do nothing
    returning epoch)
select epoch from u union all select epoch from i
