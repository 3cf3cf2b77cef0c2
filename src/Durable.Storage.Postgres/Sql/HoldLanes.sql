-- DECISIONS 9, HoldAllRuns: lanes of the place that the copy was made from are dead here, whatever their lease says. Locks: lane rows.
update $schema.lane set epoch = epoch + 1, holder = null, died_at = $now where holder is not null $shards(lane)
