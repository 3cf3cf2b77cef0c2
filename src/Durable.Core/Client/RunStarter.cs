// Start and signal-with-start: one insert, and the policies of the id when it is refused (PROTOCOL §4.6).
using System.Data.Common;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Starts runs.</summary>
internal sealed class RunStarter(ClientCore core, RunWaiter waiter)
{
    // An id that changes hands so often between a refusal and a look at it is fought over; the caller should know.
    private const int MaxTries = 8;

    /// <summary>Starts a run, or finds the one that a policy names instead.</summary>
    /// <returns>The run's id.</returns>
    public async Task<Guid> StartAsync(PreparedStart prepared, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var start = prepared.ToRecord(core);
            var existing = await TryAsync(start, cancellationToken);
            if (existing is { Started: true }) return start.RunId;
            var run = existing.Existing ?? await core.Store.FindRunAsync(core.Namespace, prepared.WorkflowId, null, cancellationToken);
            if (run is null) continue;                                       // purged since
            if (run.RunId == start.RunId) return start.RunId;                // our own start, by a try whose answer was lost
            if (Settle(prepared, run)) return run.RunId;
            if (!RunLifecycle.IsClosed(run.Status)) await TerminateAsync(run, cancellationToken);
        }

        throw Contested(prepared);
    }

    /// <summary>Starts a run within a transaction of the caller. Nothing here can wait.</summary>
    public async Task<(Guid RunId, StartRecord? Started)> StartAsync(PreparedStart prepared, DbTransaction transaction, CancellationToken cancellationToken)
    {
        if (prepared.Options.IdConflict == IdConflictPolicy.TerminateExisting)
            throw new DurableException(DurableErrorCodes.RequestInvalid, "IdConflictPolicy.TerminateExisting has to wait for the end of a run, which a transaction cannot. Terminate the run before, or choose another policy.");
        await core.WriteAsync(cancellationToken, enlisted: true);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var start = prepared.ToRecord(core);
            var result = (await core.Store.DeliverAsync(new Delivery([], [start]), transaction, cancellationToken)).Starts[0];
            if (result.Started) return (start.RunId, start);
            if (result.Existing is { } run && Settle(prepared, run)) return (run.RunId, null);
        }

        throw Contested(prepared);
    }

    /// <summary>Signals the open run of the id, or starts one with the signal: both in one transaction.</summary>
    /// <returns>The signalled run.</returns>
    public async Task<Guid> SignalWithStartAsync(PreparedStart prepared, string signal, byte[] arguments, RunMail mail, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var run = await core.Store.FindRunAsync(core.Namespace, prepared.WorkflowId, null, cancellationToken);
            if (run is not null && !RunLifecycle.IsClosed(run.Status))
            {
                if (await mail.TryPostAsync(run, core.Message(run, EventKind.SignalReceived, signal, arguments), cancellationToken)) return run.RunId;
                continue;                                                    // it closed without having seen the signal
            }

            if (run is not null && prepared.Options.IdReuse is IdReusePolicy.UseExisting) throw Refused(run, "and the policy UseExisting starts no other that could take the signal");
            if (run is not null) Settle(prepared, run);
            var start = prepared.ToRecord(core);
            var result = await core.DeliverAsync(new Delivery([core.Message(start, EventKind.SignalReceived, signal, arguments)], [start]), cancellationToken);
            core.Worker.Hint(start.RunId);
            if (result.Starts[0].Started) return start.RunId;
        }

        throw Contested(prepared);
    }

    private async Task<StartResult> TryAsync(StartRecord start, CancellationToken cancellationToken)
    {
        if (start.DueAt is null && await core.Worker.TryStartAsync(start, cancellationToken) is { } started) return new StartResult(started, null);
        var result = await core.DeliverAsync(new Delivery([], [start]), cancellationToken);
        core.Worker.Hint(start.RunId);
        return result.Starts[0];
    }

    /// <summary>What the policies say about a run that stands in the way.</summary>
    /// <returns>True: use it. False: try again (after its end, if it is open).</returns>
    /// <exception cref="RunConflictException">DUR2002.</exception>
    private static bool Settle(PreparedStart prepared, RunRecord run)
    {
        if (!RunLifecycle.IsClosed(run.Status))
            return prepared.Options.IdConflict switch
            {
                IdConflictPolicy.UseExisting => true,
                IdConflictPolicy.TerminateExisting => false,
                _ => throw Refused(run, "and the policy Reject starts no other while it is open"),
            };
        return prepared.Options.IdReuse switch
        {
            IdReusePolicy.UseExisting => true,
            IdReusePolicy.Reject => throw Refused(run, "and the policy Reject uses an id once"),
            IdReusePolicy.AllowIfFailed when run.Status == RunStatus.Completed => throw Refused(run, "and the policy AllowIfFailed starts another only after one that did not complete"),
            _ => false,
        };
    }

    private async Task TerminateAsync(RunRecord run, CancellationToken cancellationToken)
    {
        var reason = Check.Document(() => new ReasonDocument("Replaced by a new start of the same workflow id."), HistoryJson.Default.ReasonDocument, core.Serializer, "The reason");
        await core.DeliverAsync(new Delivery([core.Message(run, EventKind.Terminated, null, reason)], []), cancellationToken);
        core.Worker.Hint(run.RunId);
        await waiter.WaitClosedAsync(run, cancellationToken);
    }

    private static RunConflictException Refused(RunRecord run, string policy) => new(DurableErrorCodes.RunAlreadyStarted,
        $"The workflow id '{run.WorkflowId}' is taken: run {run.RunId} is {run.Status}, {policy}. Use StartOptions.Once if the same request may come twice, another policy, or another id.", RunInfos.Of(run));

    private static RunConflictException Contested(PreparedStart prepared) => new(DurableErrorCodes.RunAlreadyStarted,
        $"The workflow id '{prepared.WorkflowId}' was taken by others in each of {MaxTries} tries. Let one caller start it, or use StartOptions.Once.");
}
