// Children, and other runs that workflow code signals or cancels.
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Starts children and keeps who waits for their start.</summary>
internal sealed class ChildRuns(WorkflowExecution execution)
{
    private readonly Dictionary<int, TaskCompletionSource> starts = [];

    /// <summary>Starts a child and waits for its result.</summary>
    public Task Run(Type workflow, LambdaExpression run, ResultShape result, ChildOptions options, CancellationToken token)
    {
        if (token.IsCancellationRequested) return WorkflowExecution.Cancelled(result, token);
        var child = Issue(workflow, run, result, options, awaited: true);
        if (child is null) return WorkflowExecution.Never(result);
        if (token.CanBeCanceled) execution.Operations.CancelWith(child, token);
        return child.Task;
    }

    /// <summary>Starts a child and waits until it is stored.</summary>
    public (Task Started, IPendingOperation? Completion) Start(Type workflow, LambdaExpression run, ResultShape result, ChildOptions options)
    {
        var child = Issue(workflow, run, result, options, awaited: false);
        if (child is null) return (WorkflowExecution.Never(ResultShape.Nothing), null);
        var started = starts[child.Operation.Ordinal] = new TaskCompletionSource();
        return (started.Task, child);
    }

    /// <summary>True if somebody waits for the start of that child.</summary>
    public bool AwaitsStart(int ordinal) => starts.ContainsKey(ordinal);

    /// <summary>The child is stored.</summary>
    public void Started(EventRecord row)
    {
        if (!starts.Remove(row.Ordinal, out var started))
        {
            execution.Hold(Divergence.Unanswerable(execution.Info, row));
            return;
        }

        WorkflowExecution.WithoutContext(static source => source.TrySetResult(), started);
    }

    /// <summary>A cancel of the run ends the wait for a start, like all others; the answer is dropped when it comes.</summary>
    public void CancelStart(int ordinal, CancellationToken token)
    {
        if (starts.Remove(ordinal, out var started)) WorkflowExecution.WithoutContext(static state => state.Source.TrySetCanceled(state.Token), (Source: started, Token: token));
    }

    /// <summary>The child could not be started.</summary>
    public void StartFailed(EventRecord row, DurableException error)
    {
        var completion = execution.Operations.Take(row.Ordinal);
        if (starts.Remove(row.Ordinal, out var started))
            WorkflowExecution.WithoutContext(static state => { if (state.Source.TrySetException(state.Error)) _ = state.Source.Task.Exception; }, (Source: started, Error: error));
        if (completion is null) execution.Hold(Divergence.Unanswerable(execution.Info, row));
        else completion.Fail(error);
    }

    private IPendingOperation? Issue(Type workflow, LambdaExpression run, ResultShape result, ChildOptions options, bool awaited)
    {
        var call = CallExpression.OfMethod(run, "A child start");
        var definition = execution.Definitions(workflow) ?? throw new DurableException(DurableErrorCodes.WorkflowNotHere, $"Workflow {workflow.Name} cannot be used as a child: it is not a valid workflow class.");
        if (call.Member.Name != definition.RunName) throw new DurableException(DurableErrorCodes.RequestInvalid, $"A child start was given '{call.Member.Name}'. It takes a call of the [Run] method: w => w.{definition.RunName}(…).");
        return execution.Operations.StartChild(definition, call.Arguments, result, options, awaited);
    }
}

/// <summary>A run that workflow code may signal, send to and cancel.</summary>
internal static class OtherRuns
{
    /// <summary>Signals a run.</summary>
    public static Task Signal<TWorkflow>(WorkflowExecution execution, string workflowId, Expression<Action<TWorkflow>> signal)
    {
        var call = CallExpression.OfMethod(signal, "SignalAsync");
        var handler = Members.Signal(typeof(TWorkflow), call.Member);
        return execution.Operations.Send(CommandKind.Signal, handler.Name, workflowId, () => execution.Serializer.EncodeArguments(call.Arguments, handler.Types, $"Signal '{handler.Name}'"));
    }

    /// <summary>Puts an item into a mailbox of a run.</summary>
    public static Task Send<TWorkflow, T>(WorkflowExecution execution, string workflowId, Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message) where T : class
    {
        var name = Members.Mailbox(CallExpression.OfMember(mailbox, "SendAsync").Member);
        return execution.Operations.Send(CommandKind.Send, name, workflowId, () => execution.Serializer.Encode(message, $"Item of mailbox '{name}'"));
    }

    /// <summary>Cancels a run.</summary>
    public static Task Cancel(WorkflowExecution execution, string workflowId, string? reason) =>
        execution.Operations.Send(CommandKind.CancelRun, "cancel", workflowId, () => JsonSerializer.SerializeToUtf8Bytes(new ReasonDocument(reason), HistoryJson.Default.ReasonDocument));
}

/// <summary>Finds the members that call expressions name.</summary>
internal static class Members
{
    /// <summary>Stored name and parameter types of a [Signal].</summary>
    public static (string Name, Type[] Types) Signal(Type workflow, MemberInfo member) => member is MethodInfo method && Find<SignalAttribute>(workflow, method) is { } attribute
        ? (attribute.Name ?? Names.OfMember(method.Name), [.. method.GetParameters().Select(p => p.ParameterType)])
        : throw new DurableException(DurableErrorCodes.RequestInvalid, $"'{member.Name}' is not a [Signal] of {workflow.Name}. Mark it with [Signal], or call a member that is marked.");

    /// <summary>Stored name and parameter types of an [Update].</summary>
    public static (string Name, Type[] Types) Update(Type workflow, MemberInfo member) => member is MethodInfo method && Find<UpdateAttribute>(workflow, method) is { } attribute
        ? (attribute.Name ?? Names.OfMember(method.Name), [.. method.GetParameters().Select(p => p.ParameterType)])
        : throw new DurableException(DurableErrorCodes.RequestInvalid, $"'{member.Name}' is not an [Update] of {workflow.Name}. Mark it with [Update], or call a member that is marked.");

    /// <summary>Stored name and parameter types of a [Query].</summary>
    public static (string Name, Type[] Types) Query(Type workflow, MemberInfo member) => Find<QueryAttribute>(workflow, member) is { } attribute
        ? (attribute.Name ?? Names.OfMember(member.Name), member is MethodInfo method ? [.. method.GetParameters().Select(p => p.ParameterType)] : [])
        : throw new DurableException(DurableErrorCodes.RequestInvalid, $"'{member.Name}' is not a [Query] of {workflow.Name}. Mark it with [Query], or ask for a member that is marked.");

    /// <summary>Stored name of a mailbox: the property that holds it.</summary>
    public static string Mailbox(MemberInfo member) => member is PropertyInfo ? member.Name
        : throw new DurableException(DurableErrorCodes.RequestInvalid, $"'{member.Name}' is not a mailbox property. Declare it as: public Mailbox<T> {member.Name} {{ get; }} = workflow.CreateMailbox<T>();");

    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "As below: the interfaces of a class that is registered are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "AddWorkflow keeps the interfaces of a class; a class that is only called carries its attributes itself or is called by its contract.")]
    private static T? Find<T>(Type workflow, MemberInfo member) where T : WorkflowMemberAttribute
    {
        if (member.GetCustomAttribute<T>(inherit: true) is { } own) return own;
        if (member.DeclaringType is { IsInterface: true } contract && !workflow.IsInterface)
        {
            var map = workflow.GetInterfaceMap(contract);
            var at = Array.IndexOf(map.InterfaceMethods, member is PropertyInfo property ? property.GetMethod : member as MethodInfo);
            return at < 0 ? null : map.TargetMethods[at].GetCustomAttribute<T>(inherit: true);
        }

        foreach (var implemented in workflow.IsInterface ? [] : workflow.GetInterfaces())
        {
            var map = workflow.GetInterfaceMap(implemented);
            var at = Array.IndexOf(map.TargetMethods, member is PropertyInfo property ? property.GetMethod : member as MethodInfo);
            if (at >= 0 && map.InterfaceMethods[at].GetCustomAttribute<T>() is { } mapped) return mapped;
        }

        return null;
    }
}

/// <summary>A run known by its workflow id.</summary>
internal sealed class OtherRun<TWorkflow>(WorkflowExecution execution, string workflowId) : ExternalRun<TWorkflow> where TWorkflow : class
{
    public override string WorkflowId { get; } = workflowId;

    public override Task SignalAsync(Expression<Action<TWorkflow>> signal) => OtherRuns.Signal(execution, WorkflowId, signal);

    public override Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message) => OtherRuns.Send(execution, WorkflowId, mailbox, message);

    public override Task CancelAsync(string? reason = null) => OtherRuns.Cancel(execution, WorkflowId, reason);
}

/// <summary>A child that was started, without a result.</summary>
internal sealed class StartedChild<TWorkflow>(WorkflowExecution execution, IPendingOperation completion) : ChildRun<TWorkflow> where TWorkflow : class
{
    public override string WorkflowId { get; } = completion.Operation.Target!;

    public override Task CompletionAsync(CancellationToken cancellationToken = default) => cancellationToken.CanBeCanceled ? completion.Task.WaitAsync(cancellationToken) : completion.Task;

    public override Task SignalAsync(Expression<Action<TWorkflow>> signal) => OtherRuns.Signal(execution, WorkflowId, signal);

    public override Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message) => OtherRuns.Send(execution, WorkflowId, mailbox, message);

    public override Task CancelAsync(string? reason = null) => OtherRuns.Cancel(execution, WorkflowId, reason);
}

/// <summary>A child that was started, with a result.</summary>
internal sealed class StartedChild<TWorkflow, TResult>(WorkflowExecution execution, IPendingOperation completion) : ChildRun<TWorkflow, TResult> where TWorkflow : class
{
    public override string WorkflowId { get; } = completion.Operation.Target!;

    public override Task<TResult> ResultAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.CanBeCanceled ? ((Task<TResult>)completion.Task).WaitAsync(cancellationToken) : (Task<TResult>)completion.Task;

    public override Task SignalAsync(Expression<Action<TWorkflow>> signal) => OtherRuns.Signal(execution, WorkflowId, signal);

    public override Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message) => OtherRuns.Send(execution, WorkflowId, mailbox, message);

    public override Task CancelAsync(string? reason = null) => OtherRuns.Cancel(execution, WorkflowId, reason);
}
