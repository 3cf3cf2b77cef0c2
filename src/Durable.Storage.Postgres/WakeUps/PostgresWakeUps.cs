// NOTIFY gathered on one connection of its own, outside every durable transaction (inside it costs 2 to 8 times, DESIGN 7), and LISTEN on the same connection.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Wake-ups between hosts: a hint, never needed.</summary>
internal sealed class PostgresWakeUps(EngineConnections connections, ILogger log) : IWakeUps, IAsyncDisposable
{
    // At most 100 notifications a second for long, and ten at once: whoever does one thing after another does not wait for the bound of those who flood.
    private static readonly TimeSpan Share = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Saved = 10 * Share;
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Action> listeners = [];
    private TaskCompletionSource signal = NewSignal();
    private Task? loop;
    private bool pending;

    /// <summary>Completed once a probe has come back: notifications arrive. Cancelled once it did not.</summary>
    internal TaskCompletionSource<bool> Probed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Channel => "durable_" + connections.Options.Schema;

    // It takes a transaction number, so its commit would wait for the disk, for a hint.
    private string Notify => $"begin; set local synchronous_commit = off; notify {Channel}; commit";

    private bool ListenDead => Probed.Task is { IsCompleted: true, Result: false };

    /// <inheritdoc/>
    public void Announce()
    {
        if (!connections.Options.WakeUps || stop.IsCancellationRequested) return;
        lock (gate)
        {
            pending = true;
            signal.TrySetResult();
            loop ??= Task.Run(RunAsync);
        }
    }

    /// <inheritdoc/>
    public IAsyncDisposable Listen(Action onWake)
    {
        ArgumentNullException.ThrowIfNull(onWake);
        lock (gate)
        {
            listeners.Add(onWake);
            signal.TrySetResult();
            if (connections.Options.WakeUps) loop ??= Task.Run(RunAsync);
        }

        return new Subscription(this, onWake);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        Task? running;
        lock (gate) running = loop;
        if (running is not null) await running.ConfigureAwait(false);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await SessionAsync(stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or DurableException or OperationCanceledException)
            {
                Log.WakeUpsLost(log, e, connections.Description);
                await Task.Delay(RetryPause, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SessionAsync(CancellationToken cancellationToken)
    {
        await connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
        await using var connection = await connections.OpenOwnAsync("durable-wake-ups", cancellationToken).ConfigureAwait(false);
        var (heard, probe) = (NewSignal(), "probe" + Guid.NewGuid().ToString("N"));
        connection.Notification += (_, n) =>
        {
            if (n.Payload == probe) heard.TrySetResult();
            else if (n.PID != connection.ProcessID && !n.Payload.StartsWith("probe", StringComparison.Ordinal)) Wake();
        };

        var listening = false;
        var (earned, at) = (Saved, TimeProvider.System.GetTimestamp());
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = TimeProvider.System.GetTimestamp();
            earned += TimeProvider.System.GetElapsedTime(at, now);
            if (earned > Saved) earned = Saved;
            at = now;
            var (send, listen, signalled) = Next(Share - earned);
            if (send)
            {
                earned -= Share;
                await ExecuteAsync(connection, Notify, cancellationToken).ConfigureAwait(false);
            }
            else if (listen && !listening && !ListenDead)
            {
                listening = true;
                await ExecuteAsync(connection, "listen " + Channel, cancellationToken).ConfigureAwait(false);
                await ProbeAsync(connection, heard.Task, probe, cancellationToken).ConfigureAwait(false);
            }
            else if (listening && !ListenDead)
            {
                await WaitAsync(connection, signalled, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await signalled.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // What there is to do, and what tells when there is more. Who has to wait before he sends hears meanwhile.
    private (bool Send, bool Listen, Task Signalled) Next(TimeSpan wait)
    {
        lock (gate)
        {
            if (signal.Task.IsCompleted) signal = NewSignal();
            if (pending && wait > TimeSpan.Zero) return (false, listeners.Count > 0, Task.Delay(wait, TimeProvider.System, stop.Token));
            var send = pending;
            pending = false;
            return (send, listeners.Count > 0, signal.Task);
        }
    }

    // Whether a notification sent on another connection comes back: behind a pooler in transaction mode it goes to nobody.
    private async Task ProbeAsync(NpgsqlConnection connection, Task heard, string text, CancellationToken cancellationToken)
    {
        await using (var other = await connections.OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await ExecuteAsync(other, $"notify {Channel}, '{text}'", cancellationToken).ConfigureAwait(false);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProbeLimit);
        try
        {
            while (!heard.IsCompleted) await connection.WaitAsync(limit.Token).ConfigureAwait(false);
            Probed.TrySetResult(true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (Probed.TrySetResult(false)) Log.ListenDead(log, connections.Description);
        }
    }

    // Until something is announced here, or a notification has come in.
    private static async Task WaitAsync(NpgsqlConnection connection, Task signalled, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notification = connection.WaitAsync(either.Token);
        await Task.WhenAny(signalled, notification).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        try
        {
            await notification.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return;         // the wait was ended because there is something to send
        }
    }

    private void Wake()
    {
        Action[] all;
        lock (gate) all = [.. listeners];
        foreach (var listener in all) listener();
    }

    private void Remove(Action listener)
    {
        lock (gate) listeners.Remove(listener);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed class Subscription(PostgresWakeUps owner, Action listener) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owner.Remove(listener);
            return ValueTask.CompletedTask;
        }
    }
}
