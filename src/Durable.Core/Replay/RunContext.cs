// The WorkflowContext that user code gets: each member issues a command, waits, or derives a value.
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;

namespace Durable.Engine.Replay;

/// <summary>One run's context.</summary>
internal sealed class RunContext(WorkflowExecution execution) : WorkflowContext
{
    private ChildRuns? children;

    public override WorkflowInfo Info => execution.Info;

    public override DateTimeOffset UtcNow => execution.UtcNow;

    public override CancellationToken CancellationToken => execution.CancellationToken;

    public override bool ContinueAsNewSuggested => execution.ContinueAsNewSuggested;

    public override bool AllHandlersFinished => execution.AllHandlersFinished;

    /// <summary>The start document of the next generation, once the code asked for it.</summary>
    public byte[]? Continuation { get; private set; }

    /// <summary>The children of this run.</summary>
    public ChildRuns Children => children ??= new ChildRuns(execution);

    public override Guid NewGuid() => execution.NewGuid();

    public override Task<TResult> StepAsync<TResult>(string name, Func<Task<TResult>> step, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return (Task<TResult>)execution.Operations.RunStep(name, new StepCall(null, _ => step(), Shape<TResult>.Value), options);
    }

    public override Task StepAsync(string name, Func<Task> step, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return execution.Operations.RunStep(name, new StepCall(null, _ => step(), ResultShape.Nothing), options);
    }

    public override Task<TResult> StepAsync<TService, TResult>(string name, Func<TService, Task<TResult>> step, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return (Task<TResult>)execution.Operations.RunStep(name, new StepCall(typeof(TService), service => step((TService)service!), Shape<TResult>.Value), options);
    }

    public override Task StepAsync<TService>(string name, Func<TService, Task> step, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        return execution.Operations.RunStep(name, new StepCall(typeof(TService), service => step((TService)service!), ResultShape.Nothing), options);
    }

    public override Task<TResult> TransactAsync<TSession, TResult>(string name, Func<TSession, Task<TResult>> work, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return (Task<TResult>)execution.Operations.RunStep(name, new StepCall(typeof(TSession), session => work((TSession)session!), Shape<TResult>.Value) { InTransaction = true }, options);
    }

    public override Task TransactAsync<TSession>(string name, Func<TSession, Task> work, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return execution.Operations.RunStep(name, new StepCall(typeof(TSession), session => work((TSession)session!), ResultShape.Nothing) { InTransaction = true }, options);
    }

    public override TActivities With<TActivities>(TActivities activities, ActivityOptions options)
    {
        ArgumentNullException.ThrowIfNull(activities);
        ArgumentNullException.ThrowIfNull(options);
        return (TActivities?)ActivityProxy.With(activities, options)
            ?? throw new DurableException(DurableErrorCodes.RequestInvalid, $"With was given a '{activities.GetType().Name}', which the engine did not inject. Give it the {typeof(TActivities).Name} of the workflow's constructor.");
    }

    public override Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken = default) => execution.Operations.Delay(delay, cancellationToken);

    public override Task WaitUntilAsync(Func<bool> condition, CancellationToken cancellationToken = default) => execution.Waits.Until(condition, null, cancellationToken);

    public override Task<bool> WaitUntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default) => execution.Waits.Until(condition, timeout, cancellationToken);

    public override async IAsyncEnumerable<Task<T>> WhenEachAsync<T>(IEnumerable<Task<T>> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var done = new Queue<Task<T>>();
        var left = 0;
        foreach (var task in tasks.ToList())
        {
            left++;
            _ = WatchAsync(task);
        }

        for (; left > 0; left--)
        {
            await execution.Waits.Until(() => done.Count > 0, null, CancellationToken.None);
            yield return done.Dequeue();
        }

        async Task WatchAsync(Task<T> task)
        {
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            done.Enqueue(task);
        }
    }

    public override async Task<IReadOnlyList<TResult>> ForEachAsync<TItem, TResult>(IEnumerable<TItem> items, int maxParallel, Func<TItem, Task<TResult>> body)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxParallel, 1);
        using var source = items.GetEnumerator();
        var results = new List<TResult>();
        (int At, Exception Error)? failed = null;
        var ended = false;
        var workers = new List<Task>();
        while (workers.Count < maxParallel && !ended && failed is null) workers.Add(WorkAsync());
        await Task.WhenAll(workers);
        if (failed is { } first) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first.Error);
        return results;

        async Task WorkAsync()
        {
            while (failed is null)
            {
                var at = results.Count;
                try
                {
                    if (ended || !source.MoveNext())
                    {
                        ended = true;
                        return;
                    }

                    results.Add(default!);
                    results[at] = await body(source.Current);
                }
                catch (Exception error)
                {
                    if (failed is null || at < failed.Value.At) failed = (at, error);
                }
            }
        }
    }

    public override Mailbox<T> CreateMailbox<T>([CallerMemberName] string name = "") => execution.Mail.Create<T>(name);

    public override Promise<T> CreatePromise<T>()
    {
        var pending = execution.Operations.OpenPromise(Shape<T>.Value);
        return new OutsidePromise<T>((Task<T>)pending.Task, Tokens.Create(execution.Info.RunId, execution.Info.Generation, pending.Operation.Ordinal, execution.Secret.Span));
    }

    public override Task<TResult> RunChildAsync<TWorkflow, TResult>(Expression<Func<TWorkflow, Task<TResult>>> run, ChildOptions? options = null, CancellationToken cancellationToken = default) =>
        (Task<TResult>)Children.Run(typeof(TWorkflow), run, Shape<TResult>.Value, options ?? new(), cancellationToken);

    public override Task RunChildAsync<TWorkflow>(Expression<Func<TWorkflow, Task>> run, ChildOptions? options = null, CancellationToken cancellationToken = default) =>
        Children.Run(typeof(TWorkflow), run, ResultShape.Nothing, options ?? new(), cancellationToken);

    public override async Task<ChildRun<TWorkflow, TResult>> StartChildAsync<TWorkflow, TResult>(Expression<Func<TWorkflow, Task<TResult>>> run, ChildOptions? options = null)
    {
        var (started, completion) = Children.Start(typeof(TWorkflow), run, Shape<TResult>.Value, options ?? new());
        await started;
        return new StartedChild<TWorkflow, TResult>(execution, completion!);
    }

    public override async Task<ChildRun<TWorkflow>> StartChildAsync<TWorkflow>(Expression<Func<TWorkflow, Task>> run, ChildOptions? options = null)
    {
        var (started, completion) = Children.Start(typeof(TWorkflow), run, ResultShape.Nothing, options ?? new());
        await started;
        return new StartedChild<TWorkflow>(execution, completion!);
    }

    public override ExternalRun<TWorkflow> GetRun<TWorkflow>(string workflowId)
    {
        Operations.CheckName(workflowId, "A workflow id");
        return new OtherRun<TWorkflow>(execution, workflowId);
    }

    public override TResult ContinueAsNew<TResult>(Expression<Func<Task<TResult>>> run)
    {
        Continue(run);
        return default!;
    }

    public override void ContinueAsNew(Expression<Func<Task>> run) => Continue(run);

    public override bool Patched(string id) => execution.Markers.Patched(id);

    public override int Version(string id, int minSupported, int maxSupported) => execution.Markers.Version(id, minSupported, maxSupported);

    public override Saga StartSaga()
    {
        var saga = new SagaStack(execution);
        execution.Sagas.Add(saga);
        return saga;
    }

    public override void SetAttribute<T>(AttributeKey<T> key, T value)
    {
        ArgumentNullException.ThrowIfNull(key);
        Operations.CheckName(key.Name, "An attribute's name");
        var changed = new RunAttributes { { key, value } };
        var body = execution.IsReplaying ? null : System.Text.Encoding.UTF8.GetBytes(changed.ToJson());
        if (execution.Operations.Note(CommandKind.Attribute, key.Name, null, body)) execution.AddEffect(new Effect(CommandKind.Attribute, null, changed));
    }

    private bool IsOwnRun(System.Reflection.MethodInfo method) => execution.Definition.RunMethod is { } run ? method.MethodHandle == run.MethodHandle : execution.Definition.IsRun(method);

    private void Continue(LambdaExpression run)
    {
        ArgumentNullException.ThrowIfNull(run);
        execution.RefuseReadOnly("ContinueAsNew");
        var call = CallExpression.OfMethod(run, "ContinueAsNew");
        if (call.Member is not System.Reflection.MethodInfo method || !IsOwnRun(method))
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"ContinueAsNew was given '{call.Member.Name}'. It takes a call of this workflow's own [Run] method: return workflow.ContinueAsNew(() => {execution.Definition.RunName}(…)).");
        var started = execution.Started!;
        var input = execution.Serializer.EncodeArguments(call.Arguments, execution.Definition.RunParameterTypes, $"Arguments of '{execution.Info.Workflow}'");
        var next = started with { Input = JsonText.Element(input), Seed = started.Seed * 0x9E3779B97F4A7C15UL + 1, Attributes = null, Seen = null, StartedAt = execution.Info.StartedAt };
        Continuation = JsonSerializer.SerializeToUtf8Bytes(next, HistoryJson.Default.StartDocument);
    }
}

/// <summary>The shape of a result type, made once.</summary>
internal static class Shape<T>
{
    public static ResultShape Value { get; } = ResultShape.For<T>();
}

/// <summary>A promise that is completed from outside.</summary>
internal sealed class OutsidePromise<T>(Task<T> task, string token) : Promise<T>
{
    public override string Token { get; } = token;

    public override Task<T> Task { get; } = task;
}
