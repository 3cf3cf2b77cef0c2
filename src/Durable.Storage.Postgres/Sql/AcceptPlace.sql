-- DECISIONS 9: from now on this is the place. $1 place, $2 what was decided about open runs.
update $schema.installation set place = $1, accepted_at = now(), accepted_by = $2 where one = 1
