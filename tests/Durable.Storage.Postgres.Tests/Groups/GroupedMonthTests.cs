// Retention by dropping months where the database is in several groups: on each plain server its own, on a cluster once for all nodes.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(GroupedPlaces), nameof(GroupedPlaces.All))]
public sealed class GroupedMonthTests(string place)
{
    private static readonly DateTimeOffset Old = new(2025, 3, 10, 0, 0, 0, TimeSpan.Zero);
    private readonly string schema = $"months_{Guid.NewGuid().ToString("N")[..8]}";
    private readonly List<string> servers = [];
    private PostgresStore store = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        var (connectionString, placement) = await GroupedPlaces.PrepareAsync(place, schema, pieces: 2, partitions: true);
        store = new PostgresStore(new PostgresOptions { Schema = schema, WakeUps = false, Placement = placement }, connectionString);
        await store.InitializeAsync();
        servers.Add(connectionString);
        if (place == GroupedPlaces.TwoServers) servers.Add(await SecondServer.ConnectionStringAsync());
        foreach (var server in servers)
            foreach (var month in new[] { new DateTimeOffset(2025, 3, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2025, 4, 1, 0, 0, 0, TimeSpan.Zero) })
                await PostgresServer.ExecuteAsync($"create table {schema}.{EventPartitions.Name(month)} partition of {schema}.event for values from ('{RunIds.Bound(month)}') to ('{RunIds.Bound(month.AddMonths(1))}')", server);
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await store.DisposeAsync();
        foreach (var server in servers) await PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade", server);
        servers.Clear();
    }

    [Test]
    public async Task A_month_of_which_all_groups_are_past_their_time_is_dropped_and_one_with_an_open_run_is_kept_where_it_is()
    {
        var now = DateTimeOffset.UnixEpoch;
        foreach (var group in store.Groups)
        {
            var key = new LaneKey(group.Number + 1, group, Guid.NewGuid(), $"host-{group.Number}");
            var opened = await store.OpenLaneAsync(new OpenLane(key, TestLane.DefaultLease, false, "build-1", ["Order@1"]));
            var (gone, open) = (Of(group, "gone", Old), Of(group, "open", Old.AddMonths(1)));
            var begin = new LaneBatch { Lane = key, Epoch = opened!.Epoch, CommitSeq = 1, Lease = TestLane.DefaultLease };
            begin.Starts.Add(Make.OwnedStart(gone));
            if (group.Number == 0) begin.Starts.Add(Make.OwnedStart(open));
            Assert.That((await store.CommitAsync(begin)).Error, Is.Null);
            var end = new LaneBatch { Lane = key, Epoch = opened.Epoch, CommitSeq = 2, Lease = TestLane.DefaultLease };
            end.Closes.Add(Make.Close(gone));
            var committed = await store.CommitAsync(end);
            Assert.That(committed.Error, Is.Null);
            now = committed.Now;
        }

        Assert.That(await store.PurgeAsync(new PurgeRequest(now.AddHours(1), null)), Is.EqualTo(store.Groups.Count));
        Assert.That(await store.CountRunsAsync(Make.Query()), Is.EqualTo(1));
        var left = new List<string>();
        foreach (var server in servers) left.Add(string.Join(' ', await MonthsAsync(server)));
        Assert.That(left, Is.EqualTo(place == GroupedPlaces.Citus ? new[] { "event_2025_04" } : ["event_2025_04", ""]), "a plain server keeps what it needs itself");
    }

    private static TestRun Of(ShardGroup group, string name, DateTimeOffset made)
    {
        var run = Make.Run(GroupedPlaces.On(group, name));
        var id = Guid.CreateVersion7(made).ToByteArray(bigEndian: true);
        id[15] = (byte)((id[15] & 0x80) | (byte)run.Shard);
        return run with { Id = new Guid(id, bigEndian: true) };
    }

    private Task<string[]> MonthsAsync(string server) => PostgresServer.ScalarAsync<string[]>(
        $"select coalesce(array_agg(c.relname::text order by c.relname), '{{}}') from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{schema}.event'::regclass and c.relname like 'event_2025%'", server);
}
