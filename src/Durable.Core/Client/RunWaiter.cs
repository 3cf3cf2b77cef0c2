// Waits for the end of a run, and reads how it ended.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Client;

/// <summary>Results and outcomes.</summary>
internal sealed class RunWaiter(ClientCore core, RunReader reader)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);      // timers hold a little more than 49 days

    /// <summary>Waits until the run has closed, and says so in the log if it cannot move.</summary>
    /// <returns>The closed run.</returns>
    public async Task<RunRecord> ClosedAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.ReadAsync(cancellationToken);
        if (target.RunId is { } here && core.Worker.WaitHere(here) is { } end && await end.WaitAsync(cancellationToken) is { } closed) return closed;      // no look at the store
        var run = await core.FindAsync(target, cancellationToken);
        if (RunLifecycle.IsClosed(run.Status)) return run;
        await WaitClosedAsync(run, cancellationToken);
        return await core.FindAsync(new RunTarget(run.WorkflowId, run.RunId), cancellationToken);
    }

    /// <summary>Waits at most so long.</summary>
    /// <returns>The closed run, or null if it is still open.</returns>
    public async Task<RunRecord?> ClosedAsync(RunTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout must not be negative.");
        await core.ReadAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        if (RunLifecycle.IsClosed(run.Status)) return run;
        if (timeout == TimeSpan.Zero) return null;
        using var timer = new CancellationTokenSource(timeout > LongestTimer ? Timeout.InfiniteTimeSpan : timeout, core.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var same = new RunTarget(run.WorkflowId, run.RunId);
        try
        {
            return await ClosedAsync(same, either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            run = await core.FindAsync(same, cancellationToken);
            return RunLifecycle.IsClosed(run.Status) ? run : null;
        }
    }

    /// <summary>Waits for the end of a run that was open a moment ago.</summary>
    public Task<RunStatus> WaitClosedAsync(RunRecord run, CancellationToken cancellationToken) => WatchAsync(run, token => core.Worker.WaitClosedAsync(run.RunId, token), cancellationToken);

    /// <summary>Waits for something that a run will do, and says so in the log if it cannot move.</summary>
    public Task<T> WatchAsync<T>(RunRecord run, Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        var watch = new StuckWatch(core.Clock, token => reader.StuckAsync(run, token), explanation => Warn(run, explanation), error => ClientLog.ExplanationFailed(core.Logger, error));
        return watch.WhileAsync(wait(cancellationToken), cancellationToken);
    }

    /// <summary>How a closed run ended.</summary>
    public RunOutcome OutcomeOf(RunRecord run) => new(run.Status, FailureOf(run).Failure);

    /// <summary>How a closed run ended, with its result.</summary>
    public RunOutcome<T> OutcomeOf<T>(RunRecord run) => run.Status == RunStatus.Completed ? new(run.Status, ResultOf<T>(run), null) : new(run.Status, default, FailureOf(run).Failure);

    /// <summary>The result of a closed run.</summary>
    /// <exception cref="RunFailedException">It did not complete.</exception>
    public T ResultOf<T>(RunRecord run)
    {
        ThrowUnlessCompleted(run);
        var what = $"Result of '{run.Type}'";
        return core.Serializer.Decode<T>(Codecs.Decode(core.Serializer.Codec, run.Outcome, run.Encoding, run.Namespace, run.RunId, what), what)!;
    }

    /// <summary>Throws how a run ended, unless it completed.</summary>
    public void ThrowUnlessCompleted(RunRecord run)
    {
        if (run.Status == RunStatus.Completed) return;
        var (failure, code) = FailureOf(run);
        throw new RunFailedException(run.WorkflowId, run.Status, failure, code);
    }

    // The outcome of a run that did not complete is a Failure, an operation's failure with its code (a limit), a reason, or nothing.
    private (Failure? Failure, string? Code) FailureOf(RunRecord run)
    {
        if (run.Status == RunStatus.Completed) return default;
        var json = Codecs.Decode(core.Serializer.Codec, run.Outcome, run.Encoding, run.Namespace, run.RunId, $"Outcome of '{run.Type}'");
        if (json is not { Length: > 0 }) return default;
        try
        {
            var outcome = JsonText.Element(json);
            if (outcome.ValueKind == JsonValueKind.String) return (Reasoned(outcome.GetString()), null);
            if (outcome.ValueKind != JsonValueKind.Object) return default;
            if (outcome.TryGetProperty("failure", out _) && outcome.TryGetProperty("code", out _))
            {
                var operation = outcome.Deserialize(HistoryJson.Default.OperationFailure)!;
                return (operation.Failure, operation.Code);
            }

            if (!outcome.TryGetProperty("type", out _)) return (Reasoned(outcome.Deserialize(HistoryJson.Default.ReasonDocument)?.Reason), null);
            var failure = outcome.Deserialize(HistoryJson.Default.Failure)!;
            return (failure, IsLimit(failure) ? DurableErrorCodes.HistoryLimit : null);
        }
        catch (JsonException error)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"The outcome of run '{run.WorkflowId}' ({run.RunId}) cannot be read: {error.Message}", error);
        }
    }

    private static Failure? Reasoned(string? reason) => reason is null ? null : new Failure(typeof(RunFailedException).FullName!, reason);

    private static bool IsLimit(Failure failure) => failure.Message.StartsWith(DurableErrorCodes.HistoryLimit + ":", StringComparison.Ordinal);

    private void Warn(RunRecord run, string explanation)
    {
        using var scope = core.Logger.BeginScope(new Dictionary<string, object> { ["RunId"] = run.RunId, ["WorkflowId"] = run.WorkflowId, ["Workflow"] = run.Type });
        ClientLog.WaitingOnStuckRun(core.Logger, run.WorkflowId, run.RunId, explanation);
    }
}
