// Histories that were written once and are replayed by every build. A file that is here is never written again.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
public sealed class FrozenHistoryTests
{
    private const string Format = "v1";
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One row: payload and commands as text, because the encoding is 0.</summary>
    private sealed record FrozenRow(int Seq, int Kind, DateTimeOffset At, int Ordinal, string? Target, string? Payload, string? Commands, int Crc);

    private sealed record FrozenHistory(string Scenario, string Workflow, string WorkflowId, string? End, FrozenRow[] Rows);

    private static IEnumerable<(string Scenario, ReplayBench Bench)> Scenarios()
    {
        var kept = World.Serializer.Encode("kept", "x");
        yield return ("order-completed", Of<FrozenOrder>("order-completed", new Item("tea", 5)));
        yield return ("order-approved", Of<FrozenOrder>("order-approved", new Item("tea", 50)).Inject(EventKind.SignalReceived, "Approve", "[\"ada\"]"u8.ToArray()));
        yield return ("order-expired", Of<FrozenOrder>("order-expired", new Item("tea", 50)));
        yield return ("order-failed", Of<FrozenOrder>("order-failed", new Item("broken", 1)));
        yield return ("cart-timed-out", Of<FrozenCart>("cart-timed-out", 0).Mail(new("a", 2), -1, "Commands").Mail(new("b", 3), -1, "Commands"));
        yield return ("cart-continued", Of<FrozenCart>("cart-continued", 0).Mail(new("a", 2), 1, "Commands").Mail(new("b", 3), 1, "Commands").Mail(new("c", 4), 1, "Commands"));
        yield return ("fan-out", Of<FrozenFanOut>("fan-out", 7).NewestFirst());
        yield return ("parent", Of<FrozenParent>("parent"));
        yield return ("cancelled", Of<FrozenCancelled>("cancelled").Cancel());
        yield return ("patched", Of<FrozenPatched>("patched"));
        yield return ("promise-and-updates", Of<FrozenPromise>("promise-and-updates").Update("u1", "good", 1).Update("u2", "bad", 1).Inject(EventKind.PromiseCompleted, null, kept, -1, 1));
        yield return ("timers", Of<FrozenTimers>("timers"));
        yield return ("derived", Of<FrozenDerived>("derived"));
        yield return ("bcl-orders", Of<FrozenOrders>("bcl-orders"));
        yield return ("failures", Of<FrozenFailures>("failures").Children(static _ => new InvalidOperationException("the child broke"))
            .Inject(EventKind.ChildStartFailed, null, Failed(DurableErrorCodes.RunAlreadyStarted), 3, 3).Inject(EventKind.SendFailed, null, Failed(DurableErrorCodes.RunNotFound), 4, 4)
            .Inject(EventKind.PromiseFailed, null, Failed(DurableErrorCodes.ActivityGaveUp), -1, 5));
        yield return ("cart-carried", Of<FrozenCart>("cart-carried", 9).Inject(EventKind.MessageCarried, "Commands", World.Serializer.Encode(new Item("a", 2), "item"), 1)
            .Inject(EventKind.MessageCarried, "Commands", World.Serializer.Encode(new Item("b", 3), "item"), 2));
        yield return ("cart-resumed", Of<FrozenCart>("cart-resumed", 0).Mail(new("a", 2), 1, "Commands").Inject(EventKind.Resumed, null, Reason, 2).Mail(new("b", 3), 3, "Commands"));
        yield return ("cart-terminated", Of<FrozenCart>("cart-terminated", 0).TimersRest().Mail(new("a", 2), 1, "Commands").Inject(EventKind.Terminated, null, Reason));
        yield return ("cart-out-of-time", Of<FrozenCart>("cart-out-of-time", 0).TimersRest().Inject(EventKind.TimedOut, null, Reason));
        yield return ("cart-too-long", Of<FrozenCart>("cart-too-long", 0).TimersRest().Inject(EventKind.LimitReached, null, Failed(DurableErrorCodes.HistoryLimit)));
    }

    [Test]
    public void Every_frozen_history_replays()
    {
        var files = Directory.GetFiles(Folder, "*.json");
        Assert.That(files, Has.Length.GreaterThanOrEqualTo(14));
        Assert.Multiple(() =>
        {
            foreach (var file in files)
            {
                var frozen = JsonSerializer.Deserialize<FrozenHistory>(File.ReadAllText(file), Layout)!;
                var rows = frozen.Rows.Select(Thaw).ToList();
                var name = Path.GetFileName(file);
                Assert.That(HistoryCheck.Fault(rows, 0), Is.Null, name);
                var execution = World.Execution(World.Registry.Find(frozen.Workflow, 1)!, frozen.WorkflowId);
                var verdict = OwnThread.Run(OwnThread.SmallStack, "de-DE", () => execution.Replay(rows));
                Assert.That(verdict, Is.Null, () => $"{name}: {verdict!.Message}");
                Assert.That(execution.End?.Kind.ToString(), Is.EqualTo(frozen.End), name);
            }
        });
    }

    [Test]
    public void Every_kind_of_event_is_in_a_frozen_history()
    {
        var kinds = Directory.GetFiles(Folder, "*.json").SelectMany(file => JsonSerializer.Deserialize<FrozenHistory>(File.ReadAllText(file), Layout)!.Rows).Select(row => (EventKind)row.Kind);
        Assert.That(Enum.GetValues<EventKind>().Except(kinds), Is.Empty);
    }

    // Today's engine, live, asks for the same: what replays is not only tolerated.
    [Test]
    public void Todays_engine_writes_the_same_heads()
    {
        Assert.Multiple(() =>
        {
            foreach (var (scenario, bench) in Scenarios())
            {
                var frozen = JsonSerializer.Deserialize<FrozenHistory>(File.ReadAllText(PathOf(scenario)), Layout)!;
                Assert.That(bench.Run().Rows.Select(HeadOf), Is.EqualTo(frozen.Rows.Select(row => HeadOf(Thaw(row)))), scenario);
            }
        });
    }

    [Test]
    public void A_scenario_without_a_file_is_frozen_and_must_be_committed()
    {
        var written = Scenarios().Where(scenario => !File.Exists(PathOf(scenario.Scenario))).Select(scenario => Freeze(scenario.Scenario, scenario.Bench)).ToList();
        Assert.That(written, Is.Empty, "These files were written just now: look at them and commit them.");
    }

    [Test]
    public void A_frozen_history_is_never_overwritten()
    {
        var (scenario, bench) = Scenarios().First();
        var before = File.ReadAllText(PathOf(scenario));
        Assert.That(() => Freeze(scenario, bench), Throws.TypeOf<IOException>());
        Assert.That(File.ReadAllText(PathOf(scenario)), Is.EqualTo(before));
    }

    [Test]
    public void A_frozen_history_that_is_touched_is_found()
    {
        var frozen = JsonSerializer.Deserialize<FrozenHistory>(File.ReadAllText(PathOf("order-approved")), Layout)!;
        var rows = frozen.Rows.Select(row => Thaw(row with { Payload = row.Payload?.Replace("ada", "eve", StringComparison.Ordinal) })).ToList();
        Assert.That(HistoryCheck.Fault(rows, 0), Does.Contain("checksum"));
    }

    private static byte[] Reason => """{"reason":"enough"}"""u8.ToArray();

    private static byte[] Failed(string code) => JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = code, Failure = new Failure("Frozen", "broken"), Attempts = 1 }, HistoryJson.Default.OperationFailure);

    private static string Folder => Path.Combine(Approved.Folder, "Frozen");

    private static ReplayBench Of<T>(string id, params object?[] arguments) => ReplayBench.For(typeof(T), id, arguments);

    private static string PathOf(string scenario) => Path.Combine(Folder, $"{scenario}.{Format}.json");

    private static string Freeze(string scenario, ReplayBench bench)
    {
        var live = bench.Passes();
        var crc = 0;
        foreach (var row in live.Rows)
        {
            row.Commands = Bytes(Text(row.Commands) is { } text ? Regex.Replace(text, "\"stackTrace\":\"[^\"]*\"", "\"stackTrace\":\"   at Frozen\"") : null);      // paths of the machine that froze it are nobody's business
            row.Crc = crc = Checksum.Of(row, crc);
        }

        var history = new FrozenHistory(scenario, live.Execution.Definition.Name, bench.WorkflowId, live.End?.ToString(), [.. live.Rows.Select(row => new FrozenRow(row.Seq, row.Kind, row.At, row.Ordinal, row.Target, Text(row.Payload), Text(row.Commands), row.Crc))]);
        Directory.CreateDirectory(Folder);
        using var file = new FileStream(PathOf(scenario), FileMode.CreateNew);       // never over another one
        JsonSerializer.Serialize(file, history, Layout);
        file.WriteByte((byte)'\n');
        return Path.GetFileName(file.Name);
    }

    private static EventRecord Thaw(FrozenRow row)
    {
        var record = World.Row(row.Seq, (EventKind)row.Kind, row.Ordinal, row.Target, Bytes(row.Payload), row.At);
        record.Commands = Bytes(row.Commands);
        record.Crc = row.Crc;
        return record;
    }

    private static string HeadOf(EventRecord row)
    {
        CommandBuffer.Split(row.Commands, out var head, out _);
        return $"{row.Seq} {row.Kind} {row.Ordinal} {row.Target} {Encoding.UTF8.GetString(head)}";
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
