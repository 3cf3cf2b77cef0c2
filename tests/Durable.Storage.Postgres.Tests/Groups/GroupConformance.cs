// The conformance suite on one group of a database that is placed: on plain servers, with the texts for an engine that spreads its tables too, and on a real Citus where one was named.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupLanes(string place) : LaneContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupCommits(string place) : CommitContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupLooks(string place) : LookContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupReaps(string place) : ReapContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupDeliveries(string place) : DeliverContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupStarts(string place) : StartContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupHolds(string place) : HoldContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupQueues(string place) : QueueContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupTasks(string place) : TaskContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupTaskMatrix(string place) : TaskMatrixContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupCatalog(string place) : CatalogContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupAdministration(string place) : AdministrationContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupPurges(string place) : PurgeContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupFidelity(string place) : FidelityContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupConcurrency(string place) : ConcurrencyContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.All))]
public sealed class GroupModel(string place) : ModelContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.WithTransactions))]
public sealed class GroupTransactions(string place) : TransactionContract
{
    protected override async Task<StoreHarness> CreateAsync() => await GroupPlaces.CreateAsync(place);
}
