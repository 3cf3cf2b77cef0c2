-- DECISIONS 9, HoldAllRuns: no host may run activities of held runs. A resumed run makes the rows of its pending activities anew, as it does for one that was lost with its host.
delete from $schema.task $only(task)
