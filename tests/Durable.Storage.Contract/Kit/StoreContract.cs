// Base of all fixtures: one fresh store for each test, and the few helpers that many fixtures use.
using System.Text.Json.Nodes;

namespace Durable.Storage.Contract;

/// <summary>A fixture that runs against any store. A provider derives one class from each fixture and says how to make its harness.</summary>
public abstract class StoreContract
{
    private StoreHarness? harness;

    protected StoreHarness Harness => harness ?? throw new InvalidOperationException("The set-up did not run.");

    protected IDurableStore Store => Harness.Store;

    /// <summary>Makes a store on an empty database. The fixture initializes and disposes it.</summary>
    protected abstract Task<StoreHarness> CreateAsync();

    [SetUp]
    public async Task CreateStore()
    {
        harness = await CreateAsync();
        await Store.InitializeAsync();
    }

    [TearDown]
    public async Task DisposeStore()
    {
        if (harness is not null)
            await harness.DisposeAsync();
        harness = null;
    }

    protected Task<TestLane> OpenLaneAsync(string identity = "host-a", TimeSpan? lease = null, string build = "build-1") => TestLane.OpenAsync(Store, identity, lease: lease, build: build);

    protected async Task<DateTimeOffset> NowAsync() => (await Store.LookAsync(Make.Look(TestLane.NewKey("clock", Store)))).Now;

    protected async Task<RunRecord> ReadRunAsync(TestRun run)
    {
        var found = await Store.FindRunAsync(run.Namespace, null, run.Id);
        Assert.That(found, Is.Not.Null, $"run {run.WorkflowId} is stored");
        return found!;
    }

    protected async Task<LoadedRun> LoadAsync(TestRun run, int limit = 1_000)
    {
        var loaded = await Store.LoadAsync(new([run.Id], MessageLimit: limit));
        Assert.That(loaded, Has.Count.EqualTo(1), $"run {run.WorkflowId} is loaded");
        return loaded[0];
    }

    protected async Task<IReadOnlyList<MessageRecord>> MessagesAsync(TestRun run, int limit = 1_000)
    {
        var loaded = await Store.LoadAsync(new([run.Id], MessagesOnly: true, MessageLimit: limit));
        return loaded.Count == 0 ? [] : loaded[0].Messages;
    }

    protected async Task<List<(int Gen, int Seq)>> EventsAsync(TestRun run) =>
        [.. (await Store.ReadEventsAsync(run.Id, 0, 0, 10_000)).Select(row => (row.Gen, row.Seq))];

    protected Task<RunPlacement> PlaceAsync(TestRun run) => Store.ReadPlacementAsync(run.Id);

    protected async Task<bool> SendAsync(params MessageRecord[] messages) => (await Store.DeliverAsync(new(messages, []))).Accepted.All(accepted => accepted);

    protected async Task<StartResult> DeliverStartAsync(StartRecord start) => (await Store.DeliverAsync(new([], [start]))).Starts[0];

    /// <summary>Starts a run with a wake row, as a client does.</summary>
    protected async Task<TestRun> StartedAsync(string workflowId, string ns = "default", string type = "Order", int version = 1, Func<TestRun, StartRecord>? start = null)
    {
        var run = Make.Run(workflowId, ns, type, version);
        var result = await DeliverStartAsync(start is null ? Make.Start(run) : start(run));
        Assert.That(result.Started, Is.True, $"{workflowId} is started");
        return run;
    }

    /// <summary>Stores a run that has ended.</summary>
    protected async Task<TestRun> ClosedAsync(TestLane lane, string workflowId, RunStatus status = RunStatus.Completed, string ns = "default", string type = "Order")
    {
        var run = await lane.StartAsync(Make.Run(workflowId, ns, type));
        await lane.Batch().Event(run, 1).Close(run, status).CommitAsync();
        return run;
    }

    /// <summary>JSON texts may come back in another layout, so they are compared as values.</summary>
    protected static void AssertJson(string? actual, string? expected)
    {
        Assert.That(actual, expected is null ? Is.Null : Is.Not.Null);
        if (expected is not null)
            Assert.That(JsonNode.DeepEquals(JsonNode.Parse(actual!), JsonNode.Parse(expected)), Is.True, $"{actual} equals {expected}");
    }
}
