-- Nothing that a copied database says about owners is true (DECISIONS 9).
-- Lock: the file's one write lock. Reads all of durable_lane. Bound: all lanes.
update durable_lane set epoch = epoch + 1, holder = null where holder is not null
