-- DECISIONS 9, HoldAllRuns: open runs show as paused; stalled and quarantined ones stay what they are.
update $schema.run set status = 2 where status in (0, 1, 3) $shards(run)
