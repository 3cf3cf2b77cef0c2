-- DECISIONS 9, HoldAllRuns: wake rows of open runs get the pause bit. Nobody works here until the place is accepted, so nothing else holds them.
update $schema.ready set hold = hold | 1 where sender = '00000000-0000-0000-0000-000000000000' and sender_seq = 0 $shards(ready)
