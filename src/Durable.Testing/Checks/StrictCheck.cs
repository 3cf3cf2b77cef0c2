// Strict mode: after every turn the history so far is run by a second instance of the class, elsewhere. What it asks for must be what was recorded.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>Replays what was committed.</summary>
internal sealed class StrictCheck(TestWorld world) : IDisposable
{
    private const int AllUpTo = 500;         // beyond it each check costs more than the turn before: then only when the history has grown by a tenth
    private readonly CheckThread shallow = new(256 * 1024, CheckThread.Strange());
    private readonly CheckThread deep = new(8 * 1024 * 1024, CultureInfo.InvariantCulture);
    private readonly ConcurrentDictionary<Guid, bool> born = new();
    private readonly ConcurrentDictionary<Guid, int> last = new();

    /// <summary>The engine whose classes are checked. Set when a process has started.</summary>
    public EngineServices? Engine { get; set; }

    /// <summary>A run began here, so that its arguments can be compared too: code that answers as live code does must have made all of its rows.</summary>
    public void Born(Guid runId) => born[runId] = true;

    /// <summary>Checks the runs of a batch.</summary>
    public async Task CheckAsync(LaneBatch batch)
    {
        if (Engine is not { } engine || world.Failure is not null) return;
        foreach (var start in batch.Starts.Concat(batch.Children)) Born(start.RunId);
        var turns = batch.Events.Select(row => (row.RunId, row.Gen)).Concat(batch.Starts.Concat(batch.Children).Where(start => start.FirstEvent is not null).Select(start => (start.RunId, Gen: 0))).Distinct();
        foreach (var (runId, gen) in turns) await CheckAsync(engine, runId, gen).ConfigureAwait(false);
    }

    public void Dispose()
    {
        shallow.Dispose();
        deep.Dispose();
    }

    private async Task CheckAsync(EngineServices engine, Guid runId, int gen)
    {
        if ((await world.Store.LoadAsync(new LoadRequest([runId])).ConfigureAwait(false)) is not [{ Run: { } run }]) return;
        if (engine.Registry.Find(run.Type, run.Version) is not { } definition) return;
        var rows = (await world.Store.ReadEventsAsync(runId, gen, 0, int.MaxValue).ConfigureAwait(false)).Where(row => row.Gen == gen).ToList();
        if (rows.Count == 0 || rows[0].Seq != 0 || IsTooSoon(runId, gen, rows.Count)) return;
        var info = new WorkflowInfo(run.WorkflowId, runId, run.Type, run.Version) { Namespace = run.Namespace, Generation = gen };
        WorkflowExecution Make(Action<WorkflowExecution, CommandKind, int>? told) =>
            new(definition, info, run.Secret, engine.Serializer, new ExecutionLimits(engine.Options.MaxPendingCommands), NullLogSink.Instance, engine.Registry.Find) { OnCommand = told };

        // The two threads take turns: going to another one costs more than the replay.
        var verdict = await (rows.Count % 2 == 0 ? shallow : deep).RunAsync(() =>
            Twice(() => SourceLine.Check(Make, Copies(rows))) ?? (born.ContainsKey(runId) ? Twice(() => Again(Make, rows)) : null)).ConfigureAwait(false);
        if (verdict is not null)
            world.Fail(new WorkflowTestException(verdict.Code, $"Strict replay: a second instance of '{run.Type}' did not do what the first one did. {verdict.Message}\n" +
                "Workflow code must ask the same things of the same history: no clock, no random number, no static state, no culture. Use workflow.UtcNow, an injected Random or an activity.") { SourceLine = verdict.Source });
    }

    // A thread seen once may be one that a library started for itself; the second time it is the code's (REPLAY: first flag).
    private static Verdict? Twice(Func<Verdict?> check) => check() is { } first ? first.Foreign ? check() : first : null;

    private bool IsTooSoon(Guid runId, int gen, int count)
    {
        if (count <= AllUpTo) return false;
        var before = last.GetValueOrDefault(runId);
        if (gen == before >> 20 && count < (before & 0xFFFFF) * 11 / 10) return true;
        last[runId] = gen << 20 | count;
        return false;
    }

    // The same rows as new arrivals: now the arguments are encoded too, and must be the recorded ones.
    private static Verdict? Again(Func<Action<WorkflowExecution, CommandKind, int>?, WorkflowExecution> make, List<EventRecord> rows)
    {
        var execution = make(null);
        foreach (var row in rows)
        {
            var arrival = Bare(row);
            if (execution.Apply(arrival) is { } verdict) return verdict;
            CommandBuffer.Split(row.Commands, out var recordedHead, out _);
            CommandBuffer.Split(arrival.Commands, out var attemptedHead, out _);
            if (!recordedHead.SequenceEqual(attemptedHead)) return SourceLine.Locate(Divergence.At(row, attemptedHead, execution.Info), make, Copies(rows));
            if (Body(execution, row, arrival) is { } index) return Difference(make, rows, row, arrival, index, execution);
        }

        return null;
    }

    // Stack traces are never the same twice, so failures are not compared.
    private static int? Body(WorkflowExecution execution, EventRecord row, EventRecord arrival)
    {
        if (row.Commands is null) return null;
        var heads = CommandHead.ParseAll(row.Commands);
        var (was, now) = (Codecs.Bodies(execution.Serializer.Codec, row), Codecs.Bodies(execution.Serializer.Codec, arrival));
        for (var i = 0; i < heads.Count; i++)
        {
            if (heads[i].Kind is CommandKind.Fail or CommandKind.Cancelled or CommandKind.Answer) continue;
            if (!CommandBuffer.Line(was, i).SequenceEqual(CommandBuffer.Line(now, i))) return i;
        }

        return null;
    }

    private static Verdict Difference(Func<Action<WorkflowExecution, CommandKind, int>?, WorkflowExecution> make, List<EventRecord> rows, EventRecord row, EventRecord arrival, int index, WorkflowExecution execution)
    {
        var codec = execution.Serializer.Codec;
        var head = CommandHead.ParseAll(row.Commands)[index];
        var (was, now) = (Shown(CommandBuffer.Line(Codecs.Bodies(codec, row), index)), Shown(CommandBuffer.Line(Codecs.Bodies(codec, arrival), index)));
        var verdict = new Verdict(DurableErrorCodes.Diverged,
            $"The content of a command is another one: run '{execution.Info.WorkflowId}', event {row.Gen}:{row.Seq} ({(EventKind)row.Kind}), {head}. Recorded: {was}. Attempted: {now}.") { Row = row.Seq, Index = index, Recorded = was, Attempted = now };
        return SourceLine.Locate(verdict, make, Copies(rows));
    }

    private static string Shown(ReadOnlySpan<byte> json) => json.Length <= 200 ? Encoding.UTF8.GetString(json) : $"{Encoding.UTF8.GetString(json[..200])}…";

    private static EventRecord Bare(EventRecord row) => new()
    {
        RunId = row.RunId, Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = row.At, Ordinal = row.Ordinal, Target = row.Target, Payload = row.Payload, Encoding = row.Encoding, Schema = row.Schema,
        Sender = row.Sender, SenderSeq = row.SenderSeq, Namespace = row.Namespace, Shard = row.Shard,
    };

    private static List<EventRecord> Copies(List<EventRecord> rows) => rows.ConvertAll(row =>
    {
        var copy = Bare(row);
        (copy.Commands, copy.Crc) = (row.Commands, row.Crc);
        return copy;
    });
}
