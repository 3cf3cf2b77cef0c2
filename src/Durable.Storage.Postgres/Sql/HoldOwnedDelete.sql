-- DECISIONS 9, HoldAllRuns: and are owned no more.
delete from $schema.owned $only(owned)
