-- How much is due, at most 10,000 rows counted in each namespace and kind. $1 namespaces.
select coalesce(sum(x.n), 0)::int, $now - min(x.oldest) from unnest($1) s(namespace)
cross join lateral (
    select count(*) as n, min(y.due_at) as oldest from (
        (select w.due_at from $schema.ready w where w.namespace = s.namespace and w.mail and w.asap $shards(w) order by w.due_at limit 10000)
        union all
        (select w.due_at from $schema.ready w where w.namespace = s.namespace and not w.mail and w.asap and w.hold = 0 $shards(w) order by w.due_at limit 10000)
        union all
        (select w.due_at from $schema.ready w where w.namespace = s.namespace and not w.mail and not w.asap and w.hold = 0 and w.due_at <= (select $now) $shards(w) order by w.due_at limit 10000)) y) x
