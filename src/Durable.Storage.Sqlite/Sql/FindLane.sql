-- Who has a lane (O1).
-- Index: key of lane. Bound: 1 row.
select epoch, commit_seq, holder from lane where lane_id = :lane_id
