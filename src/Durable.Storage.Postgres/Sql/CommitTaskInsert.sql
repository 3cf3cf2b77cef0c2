-- K1: tasks that commands ask for. Locks: none (inserts).
insert into $schema.task (run_id, gen, task_no, shard, namespace, activity, queue, priority, visible_at, token, attempt, logical_attempt, deadline_at, visibility,
    details, failure, cancel, payload, encoding)
select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
