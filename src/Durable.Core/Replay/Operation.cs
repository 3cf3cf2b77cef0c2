// What workflow code waits for: one object a call, which is the task's source at the same time.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>A command that has an outcome.</summary>
internal sealed class Operation(CommandKind kind, int ordinal, string name)
{
    /// <summary>What was asked for.</summary>
    public CommandKind Kind { get; } = kind;

    /// <summary>Its number in the generation.</summary>
    public int Ordinal { get; } = ordinal;

    /// <summary>Name of activity, step, child class, signal …</summary>
    public string Name { get; } = name;

    /// <summary>Workflow id of the other run, if there is one.</summary>
    public string? Target { get; init; }

    /// <summary>The activity, for activities.</summary>
    public ActivityDefinition? Activity { get; init; }

    /// <summary>The delegate, for steps.</summary>
    public StepCall? Step { get; init; }

    /// <summary>The options in effect, for activities and steps.</summary>
    public CallOptions Options { get; init; } = CallOptions.Default;

    /// <summary>The child, for children.</summary>
    public ChildCall? Child { get; init; }

    /// <summary>When the timer is due, for timers.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset IssuedAt { get; init; }

    /// <summary>The body of its command, while it is live; replay leaves it null (the row has it).</summary>
    public byte[]? Body { get; set; }

    /// <summary>Seq of the row that holds its command.</summary>
    public int Row { get; init; }

    /// <summary>Its position among that row's commands.</summary>
    public int Index { get; init; }

    /// <summary>What ends it when a token is cancelled.</summary>
    public CancellationTokenRegistration Registration { get; set; }

    /// <summary>True for waits that no command stands for (conditions, mailboxes): they only take part in cancellation.</summary>
    public bool IsSilent { get; init; }
}

/// <summary>A step's delegate with the service that it asks for.</summary>
/// <param name="Service">The service, or null.</param>
/// <param name="Invoke">Calls the delegate with the service.</param>
/// <param name="Result">What it gives.</param>
internal sealed record StepCall(Type? Service, Func<object?, Task> Invoke, ResultShape Result)
{
    /// <summary>True: the service is a session of a transaction that commits the step's result too (K4).</summary>
    public bool InTransaction { get; init; }
}

/// <summary>What is needed to start a child.</summary>
/// <param name="RunId">The child's run id, derived.</param>
/// <param name="Definition">Stored name and version of its class.</param>
/// <param name="Version">Its version.</param>
/// <param name="Options">The options of the call.</param>
/// <param name="Awaited">True for RunChildAsync.</param>
internal sealed record ChildCall(Guid RunId, string Definition, int Version, ChildOptions Options, bool Awaited);

/// <summary>An operation whose outcome is awaited.</summary>
internal interface IPendingOperation
{
    /// <summary>What was asked for.</summary>
    Operation Operation { get; }

    /// <summary>The awaited task.</summary>
    Task Task { get; }

    /// <summary>Gives it its outcome. Runs continuations that did not capture a context; the others are queued (M1).</summary>
    void Settle(EventRecord row);

    /// <summary>Ends it with an exception.</summary>
    void Fail(Exception exception);

    /// <summary>Ends it as cancelled.</summary>
    void Cancel(CancellationToken token);

    /// <summary>True for timers that the BCL made: a cancel of the run leaves them alone (M13).</summary>
    bool IgnoresCancel { get; }
}

/// <summary>The pending operation of a call that gives a <typeparamref name="T"/>.</summary>
/// <remarks>Without RunContinuationsAsynchronously, on purpose: it would send the completion actions of WhenAny and WaitAsync to the pool (M1).</remarks>
internal sealed class PendingResult<T>(WorkflowExecution execution, Operation operation) : TaskCompletionSource<T>, IPendingOperation
{
    public Operation Operation { get; } = operation;

    Task IPendingOperation.Task => Task;

    public bool IgnoresCancel => false;

    public void Settle(EventRecord row)
    {
        T? value = default;
        if (typeof(T) != typeof(Nothing) && row.Payload is { Length: > 0 })
        {
            try
            {
                value = execution.Decode<T>(row, Operation.Name);
            }
            catch (DurableException error)
            {
                execution.Hold(new Verdict(error.Code, error.Message) { Row = row.Seq });
                return;
            }
        }

        WorkflowExecution.WithoutContext(static state => state.Source.TrySetResult(state.Value!), (Source: this, Value: value));
    }

    public void Fail(Exception exception) => WorkflowExecution.WithoutContext(static state =>
    {
        if (state.Source.TrySetException(state.Exception)) _ = state.Source.Task.Exception;      // observed: a call that nobody awaits must not raise UnobservedTaskException
    }, (Source: this, Exception: exception));

    public void Cancel(CancellationToken token) => WorkflowExecution.WithoutContext(static state => state.Source.TrySetCanceled(state.Token), (Source: this, Token: token));
}
