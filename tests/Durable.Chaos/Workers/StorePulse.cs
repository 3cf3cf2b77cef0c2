// Tells when the database did not answer for so long that leases may have ended although nobody broke anything.
using System.Collections.Concurrent;
using Durable.Chaos.Faults;
using Durable.Storage;

namespace Durable.Chaos.Workers;

/// <summary>Asks something small again and again, and notes when the answer took long: an injury of everybody.</summary>
internal sealed class StorePulse : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Task beating;

    public StorePulse(IDurableStore store, TimeSpan longest) => beating = Task.WhenAll(store.Groups.Select(group => Task.Run(() => RunAsync(store, group, longest))));

    public ConcurrentQueue<Injury> Injuries { get; } = new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await beating;
        stop.Dispose();
    }

    // A heartbeat of a lane that does not exist: the kind of write that a lease hangs on.
    private async Task RunAsync(IDurableStore store, ShardGroup group, TimeSpan longest)
    {
        var nobody = new LaneKey(0, group, Guid.Empty, "pulse");
        while (!stop.IsCancellationRequested)
        {
            var from = Moment.Now;
            try
            {
                await store.HeartbeatAsync(nobody, 0, longest);
            }
            catch (DurableException)
            {
                Injuries.Enqueue(new Injury("no answer", null, from, Moment.Now));
            }

            if (Moment.Now - from > longest.TotalMilliseconds) Injuries.Enqueue(new Injury("slow answer", null, from, Moment.Now));
            await Task.Delay(100, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}
