// The outside world of the workload: each attempt writes to the ledger when it begins and when it has happened.
using Durable.Chaos.Ledgers;

namespace Durable.Chaos.Workload;

/// <summary>What an effect answers, and so what the history must hold.</summary>
/// <param name="What">Which effect.</param>
/// <param name="Exec">Which execution of it, of all processes.</param>
public sealed record Done(string What, string Exec);

/// <summary>The activities.</summary>
public interface IWork
{
    Task<Done> EffectAsync(string what, int millis);

    Task<Done> FlakyAsync(string what, int failures, int millis);

    Task<Done> BeatAsync(string what, int millis);
}

/// <summary>Effects of one attempt, for steps and activities alike.</summary>
public sealed class Effects(ActivityContext attempt, EffectLedger ledger) : IWork
{
    public Task<Done> EffectAsync(string what, int millis) => DoAsync(what, millis);

    public async Task<Done> FlakyAsync(string what, int failures, int millis)
    {
        if (attempt.Attempt > failures) return await DoAsync(what, millis);
        var exec = ledger.Begin(attempt, what);
        await Task.Delay(millis);
        ledger.Fail(attempt, what, exec);
        throw new InvalidOperationException("It fails at first, as planned.");
    }

    public async Task<Done> BeatAsync(string what, int millis)
    {
        var exec = ledger.Begin(attempt, what);
        for (var left = millis; left > 0; left -= 100)
        {
            attempt.Heartbeat(left);
            await Task.Delay(Math.Min(left, 100), attempt.CancellationToken);
        }

        return ledger.End(attempt, what, exec);
    }

    public async Task<Done> DoAsync(string what, int millis)
    {
        var exec = ledger.Begin(attempt, what);
        await Task.Delay(millis);                            // deaf to its token, as much code is
        return ledger.End(attempt, what, exec);
    }
}
