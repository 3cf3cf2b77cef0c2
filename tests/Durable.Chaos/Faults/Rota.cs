// Which faults are at work when: one or two kinds all the time; more take turns in pairs, because all at once let nothing happen that they could hit.
namespace Durable.Chaos.Faults;

/// <summary>Runs the faults of a campaign.</summary>
/// <param name="faults">The faults.</param>
/// <param name="seed">Decides who is paired with whom.</param>
/// <param name="enough">True once as much has happened as the campaign wants.</param>
internal sealed class Rota(IReadOnlyList<Fault> faults, int seed, Func<bool> enough)
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);      // something is to be at work again when the next pair begins
    private readonly Random random = new(unchecked(seed * 31));

    /// <summary>Kinds that have hit nothing so far.</summary>
    public IReadOnlyList<string> Blunt => [.. faults.Where(fault => fault.Bites == 0).Select(fault => fault.Kind)];

    /// <summary>Breaks things for so long; longer, but at most three times as long and four minutes, while a kind has hit nothing yet, or too little has happened.</summary>
    public async Task RunAsync(TimeSpan length, CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(abort);
        var work = faults.Count <= 2 ? AtOnceAsync(faults, stop.Token) : InTurnAsync(stop.Token);
        await WaitAsync(length, static () => false, abort);
        await WaitAsync((2 * length) + TimeSpan.FromMinutes(4), () => Blunt.Count == 0 && enough(), abort);
        await stop.CancelAsync();
        await work;
        await Task.WhenAll(faults.Select(fault => fault.SettleAsync()));
    }

    private static async Task WaitAsync(TimeSpan limit, Func<bool> over, CancellationToken abort)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!abort.IsCancellationRequested && Environment.TickCount64 < until && !over()) await Task.Delay(50, CancellationToken.None);
    }

    private async Task InTurnAsync(CancellationToken stop)
    {
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            var first = turn % faults.Count;
            var second = (first + random.Next(1, faults.Count)) % faults.Count;
            using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
            end.CancelAfter(Turn);
            await AtOnceAsync([faults[first], faults[second]], end.Token);
            await Task.Delay(Quiet, stop).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private Task AtOnceAsync(IEnumerable<Fault> some, CancellationToken stop) =>
        Task.WhenAll(some.Select(fault => (Fault: fault, Random: new Random(random.Next()))).ToList().Select(one => Task.Run(() => one.Fault.RunAsync(one.Random, stop), CancellationToken.None)));
}
