// Health checks are made for each call, so what one of them began is kept here.
namespace Durable.Engine.Hosting;

/// <summary>The gate's result in this process.</summary>
internal sealed class GateResult
{
    private readonly Lock gate = new();
    private Task<ReplayReport>? running;
    private long since;

    /// <summary>The result that is there or on its way; begun anew if there is none, or one that was not good so long ago.</summary>
    public Task<ReplayReport> Get(Func<Task<ReplayReport>> check, Func<ReplayReport, bool> isGood, TimeProvider clock, TimeSpan again)
    {
        lock (gate)
        {
            var isStale = running is { IsCompleted: true } && (!running.IsCompletedSuccessfully || !isGood(running.Result)) && clock.GetElapsedTime(since) > again;
            if (running is not null && !isStale) return running;
            since = clock.GetTimestamp();
            return running = Task.Run(check);
        }
    }
}
