// The conformance suite on one group of a database that is placed: on the server that the connection string names, and on another one with the texts for an engine that spreads its tables.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Harnesses of one group.</summary>
internal static class OneGroup
{
    /// <param name="server">0: what the connection string names, with the texts of one server. 1: the other, with those of an engine that spreads its tables.</param>
    public static async Task<StoreHarness> CreateAsync(int server)
    {
        var rows = server == 0 ? PostgresServer.ConnectionString : await SecondServer.ConnectionStringAsync();
        return await PostgresHarness.NewAsync(rows: rows, placement: new PlainServers([SecondServer.PlaceOf(rows)], isSpread: server == 1));
    }
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupLanes(int server) : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupCommits(int server) : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupLooks(int server) : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupReaps(int server) : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupDeliveries(int server) : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupStarts(int server) : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupHolds(int server) : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupQueues(int server) : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]          // a place is accepted at the coordinator, which plain servers have not got
public sealed class GroupTasks(int server) : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupTaskMatrix(int server) : TaskMatrixContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupCatalog(int server) : CatalogContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]          // a place is accepted at the coordinator, which plain servers have not got
public sealed class GroupAdministration(int server) : AdministrationContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupPurges(int server) : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupFidelity(int server) : FidelityContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupConcurrency(int server) : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}

[TestFixture(0)]
[TestFixture(1)]
public sealed class GroupModel(int server) : ModelContract
{
    protected override Task<StoreHarness> CreateAsync() => OneGroup.CreateAsync(server);
}
