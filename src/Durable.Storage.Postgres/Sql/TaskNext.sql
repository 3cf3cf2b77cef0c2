-- When the next task of these queues can be taken. $1 queues, $2 activities, $3 namespaces or null, $4 token of those just taken.
select $now, min(x.visible_at) from unnest($1) q(queue)
cross join lateral (
    select t.visible_at from $schema.task t
    where t.queue = q.queue and t.activity = any ($2) and ($3::text[] is null or t.namespace = any ($3)) and (t.deadline_at is null or t.deadline_at > $now) and t.token is distinct from $4
    order by t.visible_at limit 1) x
