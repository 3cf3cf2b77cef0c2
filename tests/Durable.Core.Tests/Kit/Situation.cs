// What tests by situation share: a world of their own, and short forms.
namespace Durable.Core.Tests.Kit;

/// <summary>One test, one world.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.Self)]
public abstract class Situation
{
    private World? world;

    /// <summary>The test's world, on the real clock unless the test makes another.</summary>
    private protected World World => world ??= new World(groups: Groups);

    /// <summary>How many shard groups the store in memory has.</summary>
    private protected virtual int Groups => 1;

    /// <summary>The bench.</summary>
    private protected Bench Bench => World.Bench;

    /// <summary>Makes the world before its first use.</summary>
    private protected World Make(StoreKind kind = StoreKind.Memory, bool manual = false) => world = new World(kind, manual, Groups);

    [TearDown]
    public async Task EndWorldAsync()
    {
        if (world is not null) await world.DisposeAsync();
    }

    /// <summary>Kinds of the run's events, as people read them.</summary>
    private protected static async Task<List<RunEvent>> HistoryOf(RunHandle run)
    {
        var events = new List<RunEvent>();
        await foreach (var happened in run.HistoryAsync()) events.Add(happened);
        return events;
    }

    /// <summary>Result of a run on a manual clock that goes on in small steps.</summary>
    private protected Task<T> Result<T>(Task<T> result, int stepMilliseconds = 50) => World.GetAsync(result, "the result is there", TimeSpan.FromMilliseconds(stepMilliseconds));

    /// <summary>Kinds of a run's events.</summary>
    private protected static async Task<List<string>> KindsOf(RunHandle run) => [.. (await HistoryOf(run)).Select(happened => happened.Kind)];

    /// <summary>Waits until a run is in a status.</summary>
    private protected Task Reaches(RunHandle run, RunStatus status, TimeSpan? step = null) =>
        World.UntilAsync(async () => (await World.Store.FindRunAsync("default", run.WorkflowId, run.RunId))?.Status == status, $"{run.WorkflowId} is {status}", step);

    /// <summary>Waits until nobody owns a run.</summary>
    private protected Task Parks(RunHandle run, TimeSpan? step = null) => World.UntilAsync(async () =>
    {
        var found = await World.Store.FindRunAsync("default", run.WorkflowId, run.RunId);
        return found is not null && (await World.Store.ReadPlacementAsync(found.RunId)).Wake is not null;
    }, $"{run.WorkflowId} is parked", step);
}
