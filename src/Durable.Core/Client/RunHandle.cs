using System.Text.Json;

namespace Durable;

/// <summary>One run, or the current run of a workflow id, without its class: what operators need. Get it from <see cref="DurableClient"/>.</summary>
/// <remarks>
/// A handle holds no connection and costs nothing to keep. Every verb throws
/// <see cref="RunNotFoundException"/> (DUR2001) if there is no such run in the client's namespace.
/// Derive from it only to fake it in tests.
/// </remarks>
public abstract class RunHandle
{
    /// <summary>The workflow id.</summary>
    public abstract string WorkflowId { get; }

    /// <summary>The run that the handle stands for; null means the id's open run, else its latest, decided at each verb.</summary>
    public abstract Guid? RunId { get; }

    /// <summary>Waits until the run has closed, however long that takes.</summary>
    /// <remarks>If the run is held, or no live worker can serve it, a warning with the explanation is logged after 10 s and then each minute.</remarks>
    /// <param name="cancellationToken">Ends the wait, not the run.</param>
    /// <returns>A task that ends when the run completed.</returns>
    /// <exception cref="RunFailedException">The run failed (DUR3001), was cancelled (DUR3002) or terminated
    /// (DUR3003), ran out of time (DUR3004) or reached a limit of its history (DUR3005).</exception>
    public abstract Task CompletionAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits for the run to close, but at most <paramref name="timeout"/>. A failed run is an answer, not an exception.</summary>
    /// <param name="timeout">How long to wait by this process's clock; zero looks once.</param>
    /// <param name="cancellationToken">Ends the wait, not the run.</param>
    /// <returns>How the run ended, or null if it is still open.</returns>
    public abstract Task<RunOutcome?> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Reads what the store knows about the run now.</summary>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>Status, times, wait reason and attributes.</returns>
    public abstract Task<RunInfo> DescribeAsync(CancellationToken cancellationToken = default);

    /// <summary>Says what the run waits for, or why it does not move, in words and as data.</summary>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>The explanation. It holds no payloads.</returns>
    public abstract Task<Explanation> ExplainAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads the history of the run: all generations that are kept, oldest event first, page by page.</summary>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The events committed so far, with the values of members named in <see cref="DurableOptions.RedactedNames"/> blanked; it does not wait for more.</returns>
    /// <exception cref="DurableException">DUR5002: the stored history is broken. DUR5003: it has events that this build does not know.</exception>
    public abstract IAsyncEnumerable<RunEvent> HistoryAsync(CancellationToken cancellationToken = default);

    /// <summary>The run as one JSON document: for a replay test, a bug report, or <see cref="DurableClient.ImportAsync"/>.</summary>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>The document. Its member <c>durable</c> holds the exact rows, payloads included, for import and replay: treat it like the database.
    /// Its <c>events</c> are the history as CloudEvents 1.0 for other systems, with the values of members named in
    /// <see cref="DurableOptions.RedactedNames"/> blanked. The run's secret is in neither.</returns>
    /// <exception cref="DurableException">DUR5002: the stored history is broken.</exception>
    public abstract Task<JsonElement> ExportAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks the run to cancel. Pending waits of its code end, clean-up and compensation run, and the code decides how the run ends.</summary>
    /// <remarks>A held run shows <see cref="RunStatus.Cancelling"/> and handles the request when the hold ends. A repeated request changes nothing.</remarks>
    /// <param name="reason">Why, for people who read the history; null for none.</param>
    /// <param name="cancellationToken">Ends this call; the request may have been stored all the same.</param>
    /// <returns>A task that ends when the request is stored.</returns>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task CancelAsync(string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Ends the run without running its code: no clean-up, no compensation. It closes as <see cref="RunStatus.Terminated"/>.</summary>
    /// <param name="reason">Why; callers that wait for the run see it as the message of the failure.</param>
    /// <param name="cancellationToken">Ends this call; the request may have been stored all the same.</param>
    /// <returns>A task that ends when the request is stored.</returns>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task TerminateAsync(string reason, CancellationToken cancellationToken = default);

    /// <summary>Deletes a closed run with its history, dead letters and answers of updates. There is no way back.</summary>
    /// <param name="cancellationToken">Ends this call; the run may have been deleted all the same.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="RunConflictException">DUR2003: the run is open; terminate it first.</exception>
    public abstract Task PurgeAsync(CancellationToken cancellationToken = default);

    /// <summary>Lets a held run go on: paused, stalled or quarantined. It is replayed from its history, so after a stall make sure that fixed code is deployed.</summary>
    /// <param name="cancellationToken">Ends this call; the hold may have ended all the same.</param>
    /// <returns>A task that ends when the request is stored; the next worker that looks lifts the hold.</returns>
    /// <exception cref="RunConflictException">DUR2003: the run is not held. DUR2010: it has closed.</exception>
    public abstract Task ResumeAsync(CancellationToken cancellationToken = default);
}
