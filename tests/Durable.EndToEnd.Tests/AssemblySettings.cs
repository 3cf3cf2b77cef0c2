// Programs under test wait for leases, kills and each other most of the time.
[assembly: LevelOfParallelism(3)]
