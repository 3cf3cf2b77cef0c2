-- Takes or renews a slot that the same transaction has found to be free or the holder's own (P4). `units` is the number of the request.
-- Lock: the file's one write lock. Index: key of durable_lease. Bound: 1 row.
insert into durable_lease (name, holder, epoch, expires_at, units) values (:name, :holder, 1, :expires_at, :units)
on conflict (name) do update set epoch = case when holder = excluded.holder then epoch else epoch + 1 end, holder = excluded.holder, expires_at = excluded.expires_at, units = excluded.units
