// Counts what lanes of a database in groups send, statement by statement.
using Durable.Storage;
using Durable.Storage.Postgres;

namespace Durable.Bench;

/// <summary>What a workflow cost.</summary>
/// <param name="Rate">Workflows per second.</param>
/// <param name="Statements">Statements of lanes' batches, transaction control included, per workflow.</param>
/// <param name="Calls">Calls of the store, each a round trip or a few, per workflow.</param>
/// <param name="Rows">Rows inserted per workflow.</param>
/// <param name="Foreign">Batches with a row of another group than their lane's.</param>
internal sealed record GroupCost(double Rate, double Statements, double Calls, double Rows, long Foreign)
{
    public IEnumerable<Detail> Details(string side) =>
        [new($"{side}: wf/s", Rate), new($"{side}: statements/wf", Statements), new($"{side}: round trips/wf", Calls), new($"{side}: rows inserted/wf", Rows)];
}

/// <summary>Stands beside the counts of a store. A batch's statements are counted when its lane sends the next one.</summary>
internal sealed class GroupTally
{
    // begin, the clock, commit.
    private const int Control = 3;
    private PostgresStore? store;
    private long statements, foreign, calls, rows;

    public GroupTally() => Counts = new StoreCounts { Recorder = Record };

    /// <summary>What passes through the store.</summary>
    public StoreCounts Counts { get; }

    /// <summary>Notes the store that a line of configuration makes.</summary>
    public Action<DurableBuilder> On(Action<DurableBuilder> configure) => builder =>
    {
        configure(builder);
        var made = builder.Registrations.Store!;
        builder.Registrations.Store = services => store = (PostgresStore)made(services);
    };

    public void Begin() => (statements, foreign, calls, rows) = (0, 0, Counts.Calls, Counts.Rows);

    public GroupCost End(int workflows, TimeSpan elapsed) =>
        new(workflows / elapsed.TotalSeconds, (double)statements / workflows, (double)(Counts.Calls - calls) / workflows, (double)(Counts.Rows - rows) / workflows, foreign);

    private void Record(LaneBatch batch)
    {
        if (store is null) return;
        Interlocked.Add(ref statements, store.Line(batch.Lane).LastBatch.Count + Control);
        if (batch.Lane.Group.Shards is { } own && ShardsOf(batch).Any(shard => !own.Contains(shard))) Interlocked.Increment(ref foreign);
    }

    private static IEnumerable<short> ShardsOf(LaneBatch batch) =>
    [
        .. batch.Starts.Select(row => row.Shard), .. batch.Children.Select(row => row.Shard), .. batch.Events.Select(row => row.Shard), .. batch.Consumed.Select(row => Shards.Of(row.RunId)),
        .. batch.Parks.Select(row => row.Shard), .. batch.Closes.Select(row => row.Shard), .. batch.Updates.Select(row => row.Shard), .. batch.Sends.Select(row => row.Shard),
        .. batch.Outgoing.Select(row => row.Shard), .. batch.Forwarded.Select(row => row.Shard), .. batch.Tasks.Select(row => row.Shard), .. batch.TaskDeletes.Select(row => row.Shard),
        .. batch.Claims.Select(Shards.Of), .. batch.Documents.Select(row => row.Shard), .. batch.Trims.Select(row => row.Shard),
    ];
}
