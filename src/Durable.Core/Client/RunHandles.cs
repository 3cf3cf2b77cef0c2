// The three handles. They hold an id and nothing else: every verb is one call of the class that does it.
using System.Linq.Expressions;
using System.Text.Json;
using Durable.CompilerServices;
using Durable.Engine.History;

namespace Durable.Engine.Client;

/// <summary>The verbs of one client, made once.</summary>
internal sealed class ClientVerbs
{
    public ClientVerbs(ClientCore core)
    {
        Core = core;
        Reader = new RunReader(core);
        Waiter = new RunWaiter(core, Reader);
        Mail = new RunMail(core);
        Starter = new RunStarter(core, Waiter);
        Updates = new RunUpdates(core, Mail, Waiter);
        History = new HistoryReader(core);
        Queries = new RunQueries(core, History);
        Transfer = new RunExport(core, History);
    }

    public ClientCore Core { get; }

    public RunReader Reader { get; }

    public RunWaiter Waiter { get; }

    public RunMail Mail { get; }

    public RunStarter Starter { get; }

    public RunUpdates Updates { get; }

    public HistoryReader History { get; }

    public RunQueries Queries { get; }

    public RunExport Transfer { get; }

    public async Task CompletionAsync(RunTarget target, CancellationToken cancellationToken) => Waiter.ThrowUnlessCompleted(await Waiter.ClosedAsync(target, cancellationToken));

    public async Task<RunOutcome?> WaitAsync(RunTarget target, TimeSpan timeout, CancellationToken cancellationToken) =>
        await Waiter.ClosedAsync(target, timeout, cancellationToken) is { } run ? Waiter.OutcomeOf(run) : null;

    public Task CancelAsync(RunTarget target, string? reason, CancellationToken cancellationToken) =>
        Mail.PostAsync(target, EventKind.CancelRequested, null, Mail.Reason(reason), "CancelAsync", cancellationToken);

    public Task TerminateAsync(RunTarget target, string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return Mail.PostAsync(target, EventKind.Terminated, null, Mail.Reason(reason), "TerminateAsync", cancellationToken);
    }

    public Task SignalAsync(RunTarget target, Type workflow, LambdaExpression signal, CancellationToken cancellationToken)
    {
        var (name, json) = Mail.Signal(workflow, signal);
        return Mail.PostAsync(target, EventKind.SignalReceived, name, json, $"Signal '{name}'", cancellationToken);
    }

    public Task SendAsync<T>(RunTarget target, LambdaExpression mailbox, T message, CancellationToken cancellationToken) where T : class
    {
        var (name, json) = Mail.Item(mailbox, message);
        return Mail.PostAsync(target, EventKind.MailReceived, name, json, $"Item of mailbox '{name}'", cancellationToken);
    }

    public Task SignalAsync(RunTarget target, string name, object?[] arguments, Type[] types, CancellationToken cancellationToken) =>
        Mail.PostAsync(target, EventKind.SignalReceived, name, Core.Serializer.EncodeArguments(arguments, types, $"Signal '{name}'"), $"Signal '{name}'", cancellationToken);

    public async Task<T> UpdateAsync<T>(RunTarget target, string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken)
    {
        var (_, answer) = await Updates.UpdateAsync(target, name, arguments, types, options, cancellationToken);
        return Core.Serializer.Decode<T>(answer, $"Answer of update '{name}'")!;
    }

    public async Task<T> UpdateAsync<T>(RunTarget target, Type workflow, LambdaExpression update, UpdateOptions? options, CancellationToken cancellationToken)
    {
        var (name, answer) = await Updates.UpdateAsync(target, workflow, update, options, cancellationToken);
        return Core.Serializer.Decode<T>(answer, $"Answer of update '{name}'")!;
    }
}

/// <summary>A handle without a class.</summary>
internal sealed class ClientRunHandle(ClientVerbs verbs, RunTarget target) : RunHandle
{
    public override string WorkflowId => target.WorkflowId;

    public override Guid? RunId => target.RunId;

    public override Task CompletionAsync(CancellationToken cancellationToken = default) => verbs.CompletionAsync(target, cancellationToken);

    public override Task<RunOutcome?> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => verbs.WaitAsync(target, timeout, cancellationToken);

    public override Task<RunInfo> DescribeAsync(CancellationToken cancellationToken = default) => verbs.Reader.DescribeAsync(target, cancellationToken);

    public override Task<Explanation> ExplainAsync(CancellationToken cancellationToken = default) => verbs.Reader.ExplainAsync(target, cancellationToken);

    public override IAsyncEnumerable<RunEvent> HistoryAsync(CancellationToken cancellationToken = default) => verbs.History.EventsAsync(target, cancellationToken);

    public override Task<JsonElement> ExportAsync(CancellationToken cancellationToken = default) => verbs.Transfer.ExportAsync(target, cancellationToken);

    public override Task CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => verbs.CancelAsync(target, reason, cancellationToken);

    public override Task TerminateAsync(string reason, CancellationToken cancellationToken = default) => verbs.TerminateAsync(target, reason, cancellationToken);

    public override Task PurgeAsync(CancellationToken cancellationToken = default) => verbs.Reader.PurgeAsync(target, cancellationToken);

    public override Task ResumeAsync(CancellationToken cancellationToken = default) => verbs.Mail.ResumeAsync(target, cancellationToken);
}

/// <summary>A handle with a class.</summary>
internal sealed class ClientRunHandle<TWorkflow>(ClientVerbs verbs, RunTarget target) : RunHandle<TWorkflow>, ITypedRun where TWorkflow : class
{
    public override string WorkflowId => target.WorkflowId;

    public override Guid? RunId => target.RunId;

    public override Task CompletionAsync(CancellationToken cancellationToken = default) => verbs.CompletionAsync(target, cancellationToken);

    public override Task<RunOutcome?> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => verbs.WaitAsync(target, timeout, cancellationToken);

    public override Task<RunInfo> DescribeAsync(CancellationToken cancellationToken = default) => verbs.Reader.DescribeAsync(target, cancellationToken);

    public override Task<Explanation> ExplainAsync(CancellationToken cancellationToken = default) => verbs.Reader.ExplainAsync(target, cancellationToken);

    public override IAsyncEnumerable<RunEvent> HistoryAsync(CancellationToken cancellationToken = default) => verbs.History.EventsAsync(target, cancellationToken);

    public override Task<JsonElement> ExportAsync(CancellationToken cancellationToken = default) => verbs.Transfer.ExportAsync(target, cancellationToken);

    public override Task CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => verbs.CancelAsync(target, reason, cancellationToken);

    public override Task TerminateAsync(string reason, CancellationToken cancellationToken = default) => verbs.TerminateAsync(target, reason, cancellationToken);

    public override Task PurgeAsync(CancellationToken cancellationToken = default) => verbs.Reader.PurgeAsync(target, cancellationToken);

    public override Task ResumeAsync(CancellationToken cancellationToken = default) => verbs.Mail.ResumeAsync(target, cancellationToken);

    public override Task SignalAsync(Expression<Action<TWorkflow>> signal, CancellationToken cancellationToken = default) => verbs.SignalAsync(target, typeof(TWorkflow), signal, cancellationToken);

    public override Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message, CancellationToken cancellationToken = default) => verbs.SendAsync(target, mailbox, message, cancellationToken);

    public override Task<TValue> QueryAsync<TValue>(Expression<Func<TWorkflow, TValue>> query, CancellationToken cancellationToken = default) =>
        verbs.Queries.QueryAsync<TValue>(target, typeof(TWorkflow), query, cancellationToken);

    public override Task<TAnswer> UpdateAsync<TAnswer>(Expression<Func<TWorkflow, Task<TAnswer>>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default) =>
        verbs.UpdateAsync<TAnswer>(target, typeof(TWorkflow), update, options, cancellationToken);

    public override Task UpdateAsync(Expression<Func<TWorkflow, Task>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default) =>
        verbs.Updates.UpdateAsync(target, typeof(TWorkflow), update, options, cancellationToken);

    Task ITypedRun.SignalAsync(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken) => verbs.SignalAsync(target, name, arguments, types, cancellationToken);

    Task<TValue> ITypedRun.QueryAsync<TValue>(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken) =>
        verbs.Queries.QueryAsync<TValue>(target, name, arguments, types, cancellationToken);

    Task<TAnswer> ITypedRun.UpdateAsync<TAnswer>(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken) =>
        verbs.UpdateAsync<TAnswer>(target, name, arguments, types, options, cancellationToken);

    Task ITypedRun.UpdateAsync(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken) =>
        verbs.Updates.UpdateAsync(target, name, arguments, types, options, cancellationToken);
}

/// <summary>A handle with a class and a result.</summary>
internal sealed class ClientRunHandle<TWorkflow, TResult>(ClientVerbs verbs, RunTarget target) : RunHandle<TWorkflow, TResult>, ITypedRun where TWorkflow : class
{
    public override string WorkflowId => target.WorkflowId;

    public override Guid? RunId => target.RunId;

    public override async Task<TResult> ResultAsync(CancellationToken cancellationToken = default) => verbs.Waiter.ResultOf<TResult>(await verbs.Waiter.ClosedAsync(target, cancellationToken));

    public override async Task<RunOutcome<TResult>?> OutcomeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await verbs.Waiter.ClosedAsync(target, timeout, cancellationToken) is { } run ? verbs.Waiter.OutcomeOf<TResult>(run) : null;

    public override Task CompletionAsync(CancellationToken cancellationToken = default) => verbs.CompletionAsync(target, cancellationToken);

    public override Task<RunOutcome?> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => verbs.WaitAsync(target, timeout, cancellationToken);

    public override Task<RunInfo> DescribeAsync(CancellationToken cancellationToken = default) => verbs.Reader.DescribeAsync(target, cancellationToken);

    public override Task<Explanation> ExplainAsync(CancellationToken cancellationToken = default) => verbs.Reader.ExplainAsync(target, cancellationToken);

    public override IAsyncEnumerable<RunEvent> HistoryAsync(CancellationToken cancellationToken = default) => verbs.History.EventsAsync(target, cancellationToken);

    public override Task<JsonElement> ExportAsync(CancellationToken cancellationToken = default) => verbs.Transfer.ExportAsync(target, cancellationToken);

    public override Task CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => verbs.CancelAsync(target, reason, cancellationToken);

    public override Task TerminateAsync(string reason, CancellationToken cancellationToken = default) => verbs.TerminateAsync(target, reason, cancellationToken);

    public override Task PurgeAsync(CancellationToken cancellationToken = default) => verbs.Reader.PurgeAsync(target, cancellationToken);

    public override Task ResumeAsync(CancellationToken cancellationToken = default) => verbs.Mail.ResumeAsync(target, cancellationToken);

    public override Task SignalAsync(Expression<Action<TWorkflow>> signal, CancellationToken cancellationToken = default) => verbs.SignalAsync(target, typeof(TWorkflow), signal, cancellationToken);

    public override Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message, CancellationToken cancellationToken = default) => verbs.SendAsync(target, mailbox, message, cancellationToken);

    public override Task<TValue> QueryAsync<TValue>(Expression<Func<TWorkflow, TValue>> query, CancellationToken cancellationToken = default) =>
        verbs.Queries.QueryAsync<TValue>(target, typeof(TWorkflow), query, cancellationToken);

    public override Task<TAnswer> UpdateAsync<TAnswer>(Expression<Func<TWorkflow, Task<TAnswer>>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default) =>
        verbs.UpdateAsync<TAnswer>(target, typeof(TWorkflow), update, options, cancellationToken);

    public override Task UpdateAsync(Expression<Func<TWorkflow, Task>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default) =>
        verbs.Updates.UpdateAsync(target, typeof(TWorkflow), update, options, cancellationToken);

    Task ITypedRun.SignalAsync(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken) => verbs.SignalAsync(target, name, arguments, types, cancellationToken);

    Task<TValue> ITypedRun.QueryAsync<TValue>(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken) =>
        verbs.Queries.QueryAsync<TValue>(target, name, arguments, types, cancellationToken);

    Task<TAnswer> ITypedRun.UpdateAsync<TAnswer>(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken) =>
        verbs.UpdateAsync<TAnswer>(target, name, arguments, types, options, cancellationToken);

    Task ITypedRun.UpdateAsync(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken) =>
        verbs.Updates.UpdateAsync(target, name, arguments, types, options, cancellationToken);
}
