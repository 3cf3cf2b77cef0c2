// What the fixtures with hosts share: a database, hosts on it, runs, and effects to count.
using System.Data.Common;

namespace Durable.Storage.Contract.Steps;

/// <summary>Base of fixtures that run hosts on a store.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public abstract class StepFixture
{
    private IDurableStore? store;

    /// <summary>How long a test waits for what must come.</summary>
    protected static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    /// <summary>The workflow id of this test's run.</summary>
    protected string RunId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The table of the application that steps write.</summary>
    protected virtual string Table => "step_effect";

    /// <summary>A store on the test's empty database. Called once a test.</summary>
    protected abstract Task<IDurableStore> CreateStoreAsync();

    /// <summary>Gives up what the test's database needed.</summary>
    protected abstract Task CleanUpAsync();

    /// <summary>An open connection to the database, as an application has one.</summary>
    protected abstract Task<DbConnection> ConnectAsync();

    /// <summary>The store.</summary>
    protected IDurableStore Store => store!;

    [SetUp]
    public async Task CreateTableAsync()
    {
        store = await CreateStoreAsync();
        await store.InitializeAsync();
        await using var connection = await ConnectAsync();
        await StepSql.RunAsync(connection, $"drop table if exists {Table}");
        await StepSql.RunAsync(connection, $"create table {Table} (id integer not null)");
    }

    [TearDown]
    public async Task DisposeStoreAsync()
    {
        if (store is not null) await store.DisposeAsync();
        await CleanUpAsync();
    }

    protected Task<StepHost> HostAsync(string name, Action<DurableBuilder>? configure = null) => StepHost.StartAsync(Store, name, configure);

    protected Task<RunHandle<StepFlow, int>> StartAsync(StepHost host, string what, Func<DbTransaction, Task<int>> code, int attempts = 0, int timeoutMs = 0)
    {
        StepFlow.Code[RunId] = code;
        return host.Client.StartAsync((StepFlow w) => w.RunAsync(what, attempts, timeoutMs), new StartOptions { Id = RunId });
    }

    protected static int Calls(RunHandle run) => StepFlow.Calls.GetValueOrDefault(run.WorkflowId);

    protected async Task<long> EffectsAsync()
    {
        await using var connection = await ConnectAsync();
        return Convert.ToInt64(await StepSql.RunAsync(connection, $"select count(*) from {Table}"), System.Globalization.CultureInfo.InvariantCulture);
    }

    protected async Task<RunRecord> RowAsync(RunHandle run) => (await Store.FindRunAsync("default", run.WorkflowId, null))!;

    protected async Task<RunPlacement> PlacementAsync(RunHandle run) => await Store.ReadPlacementAsync((await RowAsync(run)).RunId);

    protected async Task<List<string>> KindsAsync(RunHandle run) =>
        [.. (await Store.ReadEventsAsync((await RowAsync(run)).RunId, 0, 0, 1_000)).Select(row => ((Engine.History.EventKind)row.Kind).ToString())];

    protected static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition()) await Task.Delay(5, patience.Token);
    }

    /// <summary>The usual code of a step: one row.</summary>
    protected async Task<int> InsertAsync(DbTransaction transaction)
    {
        await StepSql.RunAsync(transaction, $"insert into {Table} (id) values (1)");
        return 1;
    }
}
