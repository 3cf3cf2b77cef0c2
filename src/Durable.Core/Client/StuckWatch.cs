// Waiting on a run that cannot move must not be silent (DECISIONS 27).
namespace Durable.Engine.Client;

/// <summary>Says, after a while and then again and again, why a wait does not end.</summary>
/// <param name="clock">Measures the waiting.</param>
/// <param name="explain">Why the run is stuck, or null if it is not.</param>
/// <param name="warn">Takes the explanation.</param>
/// <param name="failed">Takes what <paramref name="explain"/> threw: it must not end the wait.</param>
internal sealed class StuckWatch(TimeProvider clock, Func<CancellationToken, Task<string?>> explain, Action<string> warn, Action<Exception> failed)
{
    /// <summary>A run that takes so long may be stuck.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(10);

    /// <summary>Often enough to be seen, too rarely to fill a log.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    /// <summary>Waits, with warnings.</summary>
    public async Task<T> WhileAsync<T>(Task<T> wait, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (var pause = First; !wait.IsCompleted; pause = Again)
        {
            var alarm = Task.Delay(pause, clock, ended.Token);
            if (await Task.WhenAny(wait, alarm) == wait || !alarm.IsCompletedSuccessfully) break;
            await LookAsync(cancellationToken);
        }

        ended.Cancel();
        return await wait;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await explain(cancellationToken) is { } explanation) warn(explanation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            failed(error);
        }
    }
}
