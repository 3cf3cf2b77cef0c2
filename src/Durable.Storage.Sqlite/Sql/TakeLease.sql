-- Takes or renews a named lease by compare-and-set (P3). No row: somebody else holds it.
-- Lock: the file's one write lock. Index: key of durable_lease. Bound: 1 row.
insert into durable_lease (name, holder, epoch, expires_at, units) values (:name, :holder, 1, :expires_at, 0)
on conflict (name) do update set epoch = case when holder = excluded.holder then epoch else epoch + 1 end, holder = excluded.holder, expires_at = excluded.expires_at
where holder = excluded.holder or expires_at <= :now
returning epoch
