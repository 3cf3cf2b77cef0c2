-- The earliest wake row of the future that this lane could claim. Looks at the next 64 of each namespace: if none of those fits, the last of them bounds the answer.
-- $1 namespaces, $2 serves, $3 build, $4 queues or null, $5 how far ahead the look before it went.
select $now, min(x.due_at) from unnest($1) s(namespace)
cross join lateral (
    select coalesce(min(y.due_at) filter (where y.fits), case when count(*) = 64 then max(y.due_at) end) as due_at
    from (
        select w.due_at, (w.type || '@' || w.version) = any ($2) and ($4::text[] is null or w.queue = any ($4))
            and (w.hold = 0 or (w.hold = 2 and ($3 = any (w.hold_builds)) is not true)) as fits
        from $schema.ready w
        where w.namespace = s.namespace and not w.mail and not w.asap and w.due_at > (select $now + $5) and w.due_at < 'infinity' $shards(w)
        order by w.due_at limit 64) y) x
