-- An activity becomes a row (K1).
-- Lock: the file's one write lock. Index: key of durable_task, durable_task_visible, durable_task_deadline. Bound: 1 row.
insert into durable_task (run_id, gen, task_no, queue, visible_at, priority, activity, attempt, logical_attempt, visibility, cancel, encoding, shard,
    namespace, token, deadline_at, details, failures, payload)
values (:run_id, :gen, :task_no, :queue, :visible_at, :priority, :activity, :attempt, :logical_attempt, :visibility, :cancel, :encoding,
    :shard, :namespace, :token, :deadline_at, :details, :failures, :payload)
