// Does something to the commits of a case: which, and what, is decided before it begins.
using Durable.Storage;

namespace Durable.Testing;

/// <summary>What happens to a commit.</summary>
internal enum CommitFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The process dies before it.</summary>
    KillBefore,

    /// <summary>It is durable, and the process dies before it knows.</summary>
    KillAfter,

    /// <summary>Another process has taken the runs over, as after an expired lease; the commit is a late one.</summary>
    Expire,

    /// <summary>All messages that clients sent so far are sent once more.</summary>
    Redeliver,
}

/// <summary>The faults of one case.</summary>
/// <param name="choose">The fault of a commit, by its number from 1.</param>
internal sealed class CommitScript(Func<int, CommitFault> choose) : ICommitFaults
{
    private int commits;
    private int done;

    /// <summary>The host of the case. Set when it has been made.</summary>
    public WorkflowTestHost? Host { get; set; }

    /// <summary>Commits so far.</summary>
    public int Commits => Volatile.Read(ref commits);

    /// <summary>Faults so far.</summary>
    public int Done => Volatile.Read(ref done);

    /// <summary>A late commit counted: the fence did not hold. Never null if it did not.</summary>
    public string? Broken { get; private set; }

    private CommitFault current;

    public async Task<CommitResult?> BeforeAsync(LaneBatch batch)
    {
        current = CommitFault.None;
        if (Host is null || batch.IsClaimsOnly || batch.Starts.Count + batch.Events.Count + batch.Children.Count + batch.Closes.Count + batch.Sends.Count == 0) return null;
        current = choose(Interlocked.Increment(ref commits));
        if (current == CommitFault.KillBefore) await DieAsync().ConfigureAwait(false);
        if (current != CommitFault.Expire) return null;
        Interlocked.Increment(ref done);
        var late = Host.Worker.Process!;
        await Host.TakeOverAsync().ConfigureAwait(false);
        var result = await Host.World.Store.CommitAsync(batch).ConfigureAwait(false);
        if (result.Outcome == CommitOutcome.Committed) Broken = "a process whose runs had been taken over could still write";
        _ = Task.Run(late.KillAsync);
        return result;
    }

    public async Task<CommitResult?> AfterAsync(LaneBatch batch)
    {
        if (current == CommitFault.KillAfter) await DieAsync().ConfigureAwait(false);
        if (current != CommitFault.Redeliver) return null;
        Interlocked.Increment(ref done);
        await Host!.World.RedeliverAsync().ConfigureAwait(false);
        return null;
    }

    private Task DieAsync()
    {
        Interlocked.Increment(ref done);
        var host = Host!;
        host.Worker.Process?.Store.Cut();
        _ = Task.Run(host.CrashAsync);
        return new TaskCompletionSource().Task;      // the dead hear nothing
    }
}
