// Replay of a long history in memory, on one thread: rows per second of its CPU (W9).
using System.Diagnostics;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Bench;

/// <summary>W9 with texts, W9r with records.</summary>
/// <param name="name">W9 or W9r.</param>
/// <param name="records">Whether payloads are records of three fields.</param>
internal sealed class Replays(string name, bool records) : Workload
{
    private const int Repeats = 30;
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(1);
    private Template? template;

    public override string Name => name;

    public override string Title => $"replay of 10,000 rows with {(records ? "records of three fields" : "texts of 60 bytes")}, one core";

    public override string Unit => "rows/s";

    public override (int Full, int Short, int Smoke) Sizes => (10_000, 10_000, 200);

    public override bool RunsOn(string store) => store == "sqlite";          // no store is involved; once is enough

    public override async Task PrepareAsync(Setting setting) => template = await Template.RecordAsync(client => RunAsync(client, setting.N), isWide: false);

    public override Task<Round> OursAsync(Setting setting, Place place)
    {
        var rows = template!.Events.ToArray();
        var definition = Definition();
        var serializer = new PayloadSerializer(null, 64, 1 << 21, null);
        var info = new WorkflowInfo("replay", template.Start.RunId, definition.Name, definition.Version) { Namespace = template.Namespace };
        var window = rows.Length / 10;
        var (first, last) = (new double[Repeats], new double[Repeats]);
        for (var begun = ThreadCpu.Now; ThreadCpu.Now - begun < (setting.N < 1_000 ? TimeSpan.Zero : Warm);) Replay();        // until its code is compiled for good
        GC.Collect();
        var (garbage, cpu, since) = (GC.GetAllocatedBytesForCurrentThread(), ThreadCpu.Now, Stopwatch.GetTimestamp());
        for (var i = 0; i < Repeats; i++) (first[i], last[i]) = Replay();
        var elapsed = Stopwatch.GetElapsedTime(since).TotalSeconds;
        var used = (ThreadCpu.Now - cpu).TotalSeconds;
        var all = (double)rows.Length * Repeats;
        return Task.FromResult(new Round(all / used, [new Detail("rows/s by the clock", all / elapsed), new Detail("last/first tenth", Numbers.Median(last) / Numbers.Median(first)),
            new Detail("allocated B/row", (GC.GetAllocatedBytesForCurrentThread() - garbage) / all)]));

        (double First, double Last) Replay()
        {
            var execution = new WorkflowExecution(definition, info, template.Start.Secret, serializer, new ExecutionLimits(20_000), NullLogSink.Instance, _ => null);
            var begin = Slice(0, window);
            Slice(window, rows.Length - (2 * window));
            var end = Slice(rows.Length - window, window);
            if (execution.End is null) throw new InvalidOperationException("The replay did not reach the end of the run.");
            return (begin, end);

            double Slice(int from, int count)
            {
                var part = new ArraySegment<EventRecord>(rows, from, count);
                var at = ThreadCpu.Now;
                if (execution.Replay(part) is { } verdict) throw new InvalidOperationException(verdict.Message);
                return (ThreadCpu.Now - at).TotalMicroseconds;
            }
        }
    }

    private WorkflowDefinition Definition()
    {
        var faults = new List<string>();
        var group = ActivityGroup.Read(typeof(IEcho), faults);
        return WorkflowDefinition.Read(records ? typeof(Records) : typeof(Sequence), new WorkflowOptions(), type => type == typeof(IEcho) ? group : null, faults)
            ?? throw new InvalidOperationException(string.Join('\n', faults));
    }

    private async Task RunAsync(DurableClient client, int steps)
    {
        if (records) await (await client.StartAsync((Records w) => w.RunAsync(steps))).ResultAsync();
        else await (await client.StartAsync((Sequence w) => w.RunAsync(steps))).ResultAsync();
    }
}
