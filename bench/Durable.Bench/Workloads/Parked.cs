// W1 again while very many runs are parked in the same database (W8).
using Durable.Storage;

namespace Durable.Bench;

/// <summary>W8.</summary>
internal sealed class Parked : Workload
{
    private const int Flows = 20_000;
    private const int BatchRows = 1_000;

    public override string Name => "W8";

    public override string Title => "W1 (20,000) with N parked runs in the database; the second figure is W1 without them";

    public override string Unit => "wf/s";

    public override (int Full, int Short, int Smoke) Sizes => (1_000_000, 50_000, 2_000);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var flows = Math.Min(Flows, setting.N);
        await using var empty = await setting.Kind.NewAsync();
        var (without, _) = await MeasureAsync(setting, empty, flows);
        await FillAsync(place, setting.N);
        var (with, cost) = await MeasureAsync(setting, place, flows);
        return new Round(with, [new Detail("without parked runs", without), new Detail("with/without", with / without)], cost.Details("wf"));
    }

    private static async Task<(double Rate, Cost Cost)> MeasureAsync(Setting setting, Place place, int flows)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts);
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        await ClosedLoop.RunAsync(flows, setting.InFlight, async i =>
        {
            var run = await host.Client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = FormattableString.Invariant($"bench-{i:D8}") });
            await run.ResultAsync();
        });
        var cost = await meter.EndAsync(flows);
        return (flows / cost.Elapsed.TotalSeconds, cost);
    }

    // Through the provider, a thousand a batch: runs with a wake row that is due in a month.
    private static async Task FillAsync(Place place, int count)
    {
        await using var store = place.NewStore();
        await store.InitializeAsync();
        var lane = await RawLane.OpenOnAsync(store);
        var due = DateTimeOffset.UtcNow.AddDays(30);
        var secret = new byte[32];
        for (var (from, seq) = (0, lane.CommitSeq + 1); from < count; from += BatchRows, seq++)
        {
            var batch = new LaneBatch { Lane = lane.Key, Epoch = lane.Epoch, CommitSeq = seq, Lease = RawLane.Lease };
            for (var i = from; i < Math.Min(count, from + BatchRows); i++)
            {
                var run = new RawRun(i, DateTimeOffset.UtcNow);
                batch.Starts.Add(new StartRecord
                {
                    RunId = run.RunId, Namespace = "default", WorkflowId = FormattableString.Invariant($"parked-{i:D8}"), Shard = run.Shard, Type = "bench-idler", Version = 1, Build = "bench",
                    Secret = secret, DueAt = due.AddSeconds(i % 1_000), Input = "{}"u8.ToArray(),
                });
            }

            var result = await store.CommitAsync(batch);
            if (result.Outcome != CommitOutcome.Committed) throw new InvalidOperationException(result.Error);
        }

        await store.CloseLaneAsync(lane.Key, lane.Epoch);
    }
}
