-- Takes the tasks of all held runs away: a resumed run makes the rows of its pending activities anew.
-- Lock: the file's one write lock. Reads all of durable_task (without a condition the plan would hide it on some libraries). Bound: all tasks.
delete from durable_task where true
