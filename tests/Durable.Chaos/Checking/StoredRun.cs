// A run as the database has it after the campaign.
using Durable.Engine.Client;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Chaos.Checking;

/// <summary>A run with all of its events.</summary>
internal sealed record StoredRun(RunRecord Run, IReadOnlyList<EventRecord> Events, RunPlacement Placement)
{
    public bool IsClosed => Run.Status >= RunStatus.Completed;

    private const int AtOnce = 16;        // answers wait for a turn of the processor more than for anything else

    /// <summary>Reads all runs of the store.</summary>
    public static async Task<List<StoredRun>> ReadAllAsync(EngineServices engine)
    {
        const int page = 500;
        var all = new List<StoredRun>();
        Guid? after = null;
        while (true)
        {
            var runs = await engine.Store.ListRunsAsync(new RunQuery(engine.Options.Namespace, null, [], null, null, null, null, after, page));
            foreach (var some in runs.Chunk(AtOnce)) all.AddRange(await Task.WhenAll(some.Select(async run => new StoredRun(run, await EventsAsync(engine, run), await engine.Store.ReadPlacementAsync(run.RunId)))));
            if (runs.Count < page) return all;
            after = runs[^1].RunId;
        }
    }

    private static async Task<List<EventRecord>> EventsAsync(EngineServices engine, RunRecord run)
    {
        const int page = 1_000;
        var events = new List<EventRecord>();
        var (gen, seq) = (0, 0);
        while (true)
        {
            var rows = await engine.Store.ReadEventsAsync(run.RunId, gen, seq, page);
            events.AddRange(rows);
            if (rows.Count < page) return events;
            (gen, seq) = (rows[^1].Gen, rows[^1].Seq + 1);
        }
    }
}
