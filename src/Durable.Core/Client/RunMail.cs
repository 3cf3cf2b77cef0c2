// Signals, mailbox items, cancel, terminate, resume, promises: all are messages (PROTOCOL §4.5, §4.7).
using System.Linq.Expressions;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Sends messages to runs.</summary>
internal sealed class RunMail(ClientCore core)
{
    private const int MaxRead = 10_000;      // as many as may wait

    /// <summary>Name and arguments of a signal.</summary>
    public (string Name, byte[] Json) Signal(Type workflow, LambdaExpression signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        var call = CallExpression.OfMethod(signal, "SignalAsync");
        var (name, types) = Members.Signal(workflow, call.Member);
        Check.Handler(call.Member, "[Signal]", type => type == typeof(void) || type == typeof(Task), "A [Signal] method returns void or Task.");
        return (name, core.Serializer.EncodeArguments(call.Arguments, types, $"Signal '{name}'"));
    }

    /// <summary>Name and item of a mailbox.</summary>
    public (string Name, byte[] Json) Item<T>(LambdaExpression mailbox, T message) where T : class
    {
        ArgumentNullException.ThrowIfNull(mailbox);
        ArgumentNullException.ThrowIfNull(message);
        var name = Members.Mailbox(CallExpression.OfMember(mailbox, "SendAsync").Member);
        return (name, core.Serializer.Encode(message, $"Item of mailbox '{name}'"));
    }

    /// <summary>Why somebody asks for something.</summary>
    public byte[] Reason(string? reason) => Check.Document(() => new ReasonDocument(reason), HistoryJson.Default.ReasonDocument, core.Serializer, "The reason");

    /// <summary>Sends a message to the run that a handle stands for.</summary>
    /// <exception cref="RunNotFoundException">DUR2001.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public async Task PostAsync(RunTarget target, EventKind kind, string? name, byte[] json, string verb, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        var run = core.FindOpen(target) ?? await core.FindAsync(target, cancellationToken);
        await PostAsync(run, core.Message(run, kind, name, json), verb, cancellationToken);
    }

    /// <summary>Lets a held run go on.</summary>
    /// <exception cref="RunConflictException">DUR2003: the run is not held. DUR2010: it has closed.</exception>
    public async Task ResumeAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        if (RunLifecycle.IsClosed(run.Status)) throw RunInfos.Closed(run, "ResumeAsync");
        // A held run that was asked to cancel shows Cancelling; then only its wake row says that it is held.
        if (run.Status is not (RunStatus.Paused or RunStatus.Stalled or RunStatus.Quarantined) && (await core.Store.ReadPlacementAsync(run.RunId, cancellationToken)).Wake is not { Hold: not 0 })
            throw new RunConflictException(DurableErrorCodes.RunInWrongState, $"The run '{run.WorkflowId}' ({run.RunId}) is {run.Status} and not held, so there is nothing to resume.", RunInfos.Of(run));
        await PostAsync(run, core.Message(run, EventKind.Resumed, null, Reason(null)), "ResumeAsync", cancellationToken);
    }

    /// <summary>Settles a promise.</summary>
    public async Task SettleAsync(string token, EventKind kind, byte[] json, string verb, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        var (run, message) = await PromiseAsync(token, kind, json, cancellationToken);
        await PostAsync(run, message, verb, cancellationToken);
    }

    /// <summary>The run that gave out a token, and the message that settles its promise.</summary>
    /// <exception cref="RunNotFoundException">DUR2001: no run gave it out. The answer is the same for a run that is there and one that is not.</exception>
    public async Task<(RunRecord Run, MessageRecord Message)> PromiseAsync(string token, EventKind kind, byte[] json, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (!Tokens.TryRead(token, out var runId, out var gen, out var ordinal) || await OwnerOfAsync(runId, cancellationToken) is not { } run || !Tokens.IsGenuine(token, run.Secret))
            throw new RunNotFoundException("No run here gave out this token, or the run was purged. Use the text of Promise<T>.Token as it is.");
        // By what the token names, not by its text: one promise has one key however its token is spelled.
        return (run, core.Message(run, kind, null, json, ClientCore.SenderOf("promise", runId, $"{gen}/{ordinal}"), gen, ordinal));
    }

    /// <summary>Delivers a message to an open run.</summary>
    public async Task PostAsync(RunRecord run, MessageRecord message, string verb, CancellationToken cancellationToken)
    {
        if (RunLifecycle.IsClosed(run.Status)) throw RunInfos.Closed(run, verb);
        if (!await TryPostAsync(run, message, cancellationToken)) throw RunInfos.Closed(await core.Store.FindRunAsync(run.Namespace, null, run.RunId, cancellationToken) ?? run, verb);
    }

    /// <summary>Delivers a message, and looks afterwards whether the run has closed without it (D3).</summary>
    /// <returns>False: it lies with a closed run as a dead letter.</returns>
    public async Task<bool> TryPostAsync(RunRecord run, MessageRecord message, CancellationToken cancellationToken)
    {
        await core.Inbox.CheckAsync(core.Store, run, cancellationToken);
        await core.DeliverAsync(new Delivery([message], []), cancellationToken);
        core.Worker.Hint(run.RunId);
        var statuses = await core.Store.ReadStatusesAsync([run.RunId], cancellationToken);
        if (statuses.Count > 0 && !RunLifecycle.IsClosed(statuses[0].Status)) return true;
        var left = await core.Store.LoadAsync(new LoadRequest([run.RunId], MessagesOnly: true, MaxRead), cancellationToken);
        return !left.SelectMany(loaded => loaded.Messages).Any(waiting => waiting.Key == message.Key);
    }

    // A token names its run, not the namespace; the run's first row does. It has one, or it could not have given out a token.
    private async Task<RunRecord?> OwnerOfAsync(Guid runId, CancellationToken cancellationToken)
    {
        if (await core.Store.FindRunAsync(core.Namespace, null, runId, cancellationToken) is { } run) return run;
        var rows = await core.Store.ReadEventsAsync(runId, 0, 0, 1, cancellationToken);
        return rows.Count == 0 ? null : await core.Store.FindRunAsync(rows[0].Namespace, null, runId, cancellationToken);
    }
}
