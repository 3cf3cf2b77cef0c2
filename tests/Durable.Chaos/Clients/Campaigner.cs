// The clients: they start runs, send messages from several senders, wait for results, and try again when the store is away.
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workload;

namespace Durable.Chaos.Clients;

/// <summary>Drives so many runs at a time.</summary>
internal sealed class Campaigner(DurableClient client, RequestLog log, Plans plans)
{
    private readonly HashSet<string> strange = [];
    private int next;
    private int finished;
    private int crossed;

    /// <summary>What went from group to group in runs whose result came back.</summary>
    public int Crossed => crossed;

    /// <summary>Runs whose result came back.</summary>
    public int Finished => finished;

    /// <summary>Runs that clients wait for.</summary>
    public int Open => next - finished;

    /// <summary>Results as clients got them: what they were and what they should have been.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Exceptions that no client should see.</summary>
    public IReadOnlyCollection<string> Strange => strange;

    /// <summary>How many calls had to be repeated.</summary>
    public int Repeats { get; private set; }

    /// <summary>Starts one run after the other, until it is stopped, and waits for the last.</summary>
    public async Task DriveAsync(CancellationToken stop, CancellationToken giveUp)
    {
        while (!stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref next) - 1;
            try
            {
                var fault = plans.IsInbox(number) ? await InboxAsync(number, giveUp) : await ChainAsync(number, giveUp);
                if (fault is not null) lock (Wrong) Wrong.Add(fault);
                if (!plans.IsInbox(number)) Interlocked.Add(ref crossed, plans.CrossingsOf(number));
                Interlocked.Increment(ref finished);
            }
            catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
            {
                return;                                          // what is open now is found by the checker
            }
        }
    }

    private async Task<string?> ChainAsync(int number, CancellationToken giveUp)
    {
        var id = $"{Plans.ChainPrefix}{number}";
        var plan = plans.Chain(number);
        var run = await StartAsync(id, () => client.StartAsync((ChainWorkflow w) => w.RunAsync(plan, ChainState.Begin), StartOptions.Once(id), giveUp), giveUp);
        await Task.WhenAll(Enumerable.Range(0, plan.Senders).Select(sender => SendAllAsync(id, $"client-{sender}", plan.PerSender,
            (name, at) => run.SignalAsync(w => w.Tell(name, at), giveUp), giveUp)));
        var end = await EndAsync(run, giveUp);
        if (end is not { Status: RunStatus.Completed, Result: { } state }) return $"{id} ended {end.Status}: {end.Failure?.Message}";
        return state.Marks.SequenceEqual(plan.Expected()) ? null : $"{id} answered [{string.Join(' ', state.Marks)}], not [{string.Join(' ', plan.Expected())}]";
    }

    private async Task<string?> InboxAsync(int number, CancellationToken giveUp)
    {
        var id = $"inbox-{number}";
        var plan = plans.Inbox(number);
        var run = await StartAsync(id, () => client.StartAsync((InboxWorkflow w) => w.RunAsync(plan, InboxState.Begin), StartOptions.Once(id), giveUp), giveUp);
        await Task.WhenAll(Enumerable.Range(0, plan.Senders).Select(sender => SendAllAsync(id, $"client-{sender}", plan.PerSender,
            (name, at) => run.SendAsync(w => w.Items, new Item(name, at), giveUp), giveUp)));
        var end = await EndAsync(run, giveUp);
        if (end is not { Status: RunStatus.Completed, Result: { } state }) return $"{id} ended {end.Status}: {end.Failure?.Message}";
        return state.Received.Distinct().Count() == plan.Senders * plan.PerSender && state.Effects == Enumerable.Range(1, state.Received.Count).Count(count => count % plan.EffectEvery == 0)
            ? null : $"{id} answered {state.Received.Count} items and {state.Effects} effects";
    }

    private async Task<T> StartAsync<T>(string id, Func<Task<T>> start, CancellationToken giveUp) where T : RunHandle
    {
        T? run = null;
        var (tries, _) = await InsistAsync(async () => run = await start(), giveUp);
        log.Started(id, run!.RunId!.Value, tries);
        return run;
    }

    // One after the other: the next is sent when the last is acknowledged, so their order is promised.
    private async Task SendAllAsync(string id, string sender, int count, Func<string, int, Task> send, CancellationToken giveUp)
    {
        for (var number = 1; number <= count; number++)
        {
            await Task.Delay(Random.Shared.Next(0, plans.Rest), giveUp);
            var (tries, acked) = await InsistAsync(() => send(sender, number), giveUp, onTry: tries => log.Sent(id, sender, number, tries, acked: false));
            log.Sent(id, sender, number, tries, acked);
        }
    }

    private async Task<RunOutcome<TResult>> EndAsync<TWorkflow, TResult>(RunHandle<TWorkflow, TResult> run, CancellationToken giveUp) where TWorkflow : class
    {
        RunOutcome<TResult>? end = null;
        while (end is null) await InsistAsync(async () => end = await run.OutcomeAsync(TimeSpan.FromSeconds(5), giveUp), giveUp);
        return end;
    }

    // Again and again while the store is away. A message whose first sending was in doubt may find the run closed by it: that is no loss.
    private async Task<(int Tries, bool Done)> InsistAsync(Func<Task> call, CancellationToken giveUp, Action<int>? onTry = null)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                onTry?.Invoke(tries);
                await call();
                return (tries, true);
            }
            catch (DurableException error) when (error.Code == DurableErrorCodes.RunClosed && tries > 1)
            {
                return (tries, false);
            }
            catch (Exception error) when (!giveUp.IsCancellationRequested)
            {
                if (error is not DurableException { Code: DurableErrorCodes.StoreUnavailable or DurableErrorCodes.CommitInDoubt or DurableErrorCodes.DatabaseFileLocked or DurableErrorCodes.DiskFull })
                    lock (strange) strange.Add($"{error.GetType().Name}: {error.Message}");
                lock (strange) Repeats++;
                await Task.Delay(Random.Shared.Next(20, 200), giveUp);
            }
        }
    }
}
