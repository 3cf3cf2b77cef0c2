// Rows that a shard group refuses for what they are, not for how it is just now: who waits because of them, and until when (docs/decisions/0018).
using System.Data.Common;
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>
/// Senders of which a target refuses a row. One for the process: its lanes and sweeps together try a row no more often than one of them would. Safe from any thread.
/// </summary>
internal sealed class Refusals(TimeProvider clock)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Untried = TimeSpan.FromSeconds(30);       // due for so long and not tried again: the row is gone, or somebody else's
    private readonly Lock gate = new();
    private readonly Dictionary<(Guid Sender, int Target), Refusal> all = [];
    private volatile int count;

    /// <summary>True while nothing is refused.</summary>
    public bool IsEmpty => count == 0;

    /// <summary>True if a failure is about the rows: sent again alone, the others of the same call may go through. What is about the server or the way to it is waited for instead.</summary>
    public static bool IsOfTheRows(Exception error) => error switch
    {
        DurableException { InnerException: DbException { SqlState: { } state } } => IsOfTheRows(state),
        JsonException or FormatException or ArgumentException or InvalidCastException or OverflowException or NotSupportedException => true,
        _ => false,
    };

    /// <summary>A row was refused.</summary>
    /// <returns>How long its sender waits.</returns>
    public TimeSpan Add(EngineLog log, OutgoingRecord row, int target, Exception error)
    {
        TimeSpan pause;
        lock (gate)
        {
            var (key, now) = ((row.Message.Sender, target), clock.GetTimestamp());
            var before = all.GetValueOrDefault(key);
            if (before is not null && Left(before, now) is var left && left > TimeSpan.Zero) return left;      // another loop of this process was quicker, and has told it
            pause = before is null ? FirstPause : before.Pause * 2 < LongestPause ? before.Pause * 2 : LongestPause;
            all[key] = new Refusal(row, now, pause, error.Message);
            count = all.Count;
        }

        Telemetry.CrossingsRefused.Add(1);
        log.CrossingRefused(target, row.Message.SenderSeq, row.Message.Sender, ((EventKind)row.Message.Kind).ToString(), row.Message.RunId, DurableErrorCodes.CrossingRefused, pause, error.Message, error);
        return pause;
    }

    /// <summary>How long a sender still waits; zero if its rows may be sent.</summary>
    public TimeSpan Left(Guid sender, int target)
    {
        if (IsEmpty) return TimeSpan.Zero;
        lock (gate) return all.TryGetValue((sender, target), out var refusal) && Left(refusal, clock.GetTimestamp()) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What a sender had waiting has gone through.</summary>
    public void Remove(Guid sender, int target)
    {
        if (IsEmpty) return;
        lock (gate)
        {
            all.Remove((sender, target));
            count = all.Count;
        }
    }

    /// <summary>Forgets rows that nobody here tries any more.</summary>
    public void Forget()
    {
        if (IsEmpty) return;
        lock (gate)
        {
            var now = clock.GetTimestamp();
            foreach (var key in all.Where(one => Left(one.Value, now) < -Untried).Select(one => one.Key).ToList()) all.Remove(key);
            count = all.Count;
        }
    }

    /// <summary>What is refused, for people; null if nothing is.</summary>
    public string? Describe()
    {
        lock (gate)
        {
            if (all.Count == 0) return null;
            var ((sender, target), first) = all.OrderBy(one => one.Value.Since).First();
            return $"{DurableErrorCodes.CrossingRefused}: {all.Count} runs wait because another shard group refuses a row of theirs; group {target} row {first.Row.Message.SenderSeq} of run {sender} for run {first.Row.Message.RunId}: {first.Reason}";
        }
    }

    // 21, 22: data. 23, 27, 44: constraints, triggers. 09, 38, 39, P0: the code of triggers. 0A, 42, 54: a table, column, right or feature that is missing, a limit. XX001, XX002: a damaged page or index.
    private static bool IsOfTheRows(string state) =>
        state is ['2', '1' or '2' or '3' or '7', ..] or ['0', '9' or 'A', ..] or ['3', '8' or '9', ..] or ['4', '2' or '4', ..] or ['5', '4', ..] or ['P', '0', ..] or "XX001" or "XX002";

    private TimeSpan Left(Refusal refusal, long now) => refusal.Pause - clock.GetElapsedTime(refusal.Since, now);

    private sealed record Refusal(OutgoingRecord Row, long Since, TimeSpan Pause, string Reason);
}
