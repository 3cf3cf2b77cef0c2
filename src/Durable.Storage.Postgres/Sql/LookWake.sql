-- L1, wake rows that are due: those due at once, and those due by the clock or almost. Rows of the future that have not begun are early: they say when they can be taken. Reads only; filters stand before the limit. The clock is read once, in a sub-select: a volatile call could not bound the index range.
-- $1 namespaces, $2 low-water mark, $3 serves, $4 build, $5 queues or null, $6 rows per namespace, $7 how far ahead.
select x.run_id, x.priority, x.due_at, s.namespace, x.early from unnest($1) s(namespace)
cross join lateral (
    (select w.run_id, w.priority, w.due_at, false as early from $schema.ready w
    where w.namespace = s.namespace and not w.mail and w.asap and w.due_at >= $2
        and (w.type || '@' || w.version) = any ($3) and ($5::text[] is null or w.queue = any ($5)) and (w.hold = 0 or (w.hold = 2 and ($4 = any (w.hold_builds)) is not true)) $shards(w)
    order by w.due_at limit $6)
    union all
    (select w.run_id, w.priority, w.due_at, w.due_at > (select $now) and (w.next_seq = 0 or w.hold <> 0) as early from $schema.ready w
    where w.namespace = s.namespace and not w.mail and not w.asap and w.due_at >= $2 and w.due_at <= (select $now + $7)
        and (w.type || '@' || w.version) = any ($3) and ($5::text[] is null or w.queue = any ($5)) and (w.hold = 0 or (w.hold = 2 and ($4 = any (w.hold_builds)) is not true)) $shards(w)
    order by w.due_at limit $6)) x
