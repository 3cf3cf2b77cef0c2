-- Old rows of the feed, one lane at a time in order.
-- Lock: the file's one write lock. Index: key of durable_commit_log. Bound: 1,000 rows.
delete from durable_commit_log where lane_id = :lane_id and at < :before and commit_seq in
    (select commit_seq from durable_commit_log where lane_id = :lane_id order by commit_seq limit 1000)
