// The commands that workflow code issues, and the operations that wait for their outcome.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;

namespace Durable.Engine.Replay;

/// <summary>Numbers commands, writes them into the turn, and keeps what is pending.</summary>
internal sealed class Operations(WorkflowExecution execution)
{
    private const int MaxCommandsPerTurn = 10_000;
    private static readonly byte[] NoName = "\"\""u8.ToArray();
    private static readonly byte[] InTransaction = """{"transaction":true}"""u8.ToArray();
    private readonly Dictionary<int, IPendingOperation> pending = [];
    private int lastOrdinal;

    /// <summary>Operations without an outcome, silent waits included.</summary>
    public IEnumerable<IPendingOperation> Pending => pending.Values;

    /// <summary>How many.</summary>
    public int Count => pending.Count;

    /// <summary>The pending operation of an ordinal, or null.</summary>
    public IPendingOperation? Find(int ordinal) => pending.GetValueOrDefault(ordinal);

    /// <summary>Removes and returns the pending operation of an ordinal, or null.</summary>
    public IPendingOperation? Take(int ordinal)
    {
        if (!pending.Remove(ordinal, out var found)) return null;
        if (found is not DurableTimer) found.Operation.Registration.Unregister();      // else a token that lives long collects one for each call
        return found;
    }

    /// <summary>True in replay if the row's next command is the run's completion: its result could be encoded, so replay need not try.</summary>
    public bool CompletesNext => execution.IsRecordedNext(CommandKind.Complete, lastOrdinal + 1);

    /// <summary>The next ordinal: also for waits that no command stands for, so that all waits have one order.</summary>
    public int NextOrdinal() => ++lastOrdinal;

    /// <summary>Calls an activity.</summary>
    public Task CallActivity(ActivityDefinition activity, object?[] arguments, ActivityOptions? options, CancellationToken token)
    {
        if (token.IsCancellationRequested) return WorkflowExecution.Cancelled(activity.Result, token);
        if (!execution.MayCommand(activity.Name)) return WorkflowExecution.Never(activity.Result);
        ThrowIfFull();
        var resolved = activity.With(options);
        if (options is not null && ActivityDefinition.Fault(resolved) is { } fault) throw new DurableException(DurableErrorCodes.RequestInvalid, $"Options of {activity.Name}: {fault}.");
        var ordinal = NextOrdinal();
        var body = IsRecorded(CommandKind.Activity, ordinal) ? null : EncodeCall(activity, arguments, options is null ? null : resolved);
        Write(CommandKind.Activity, ordinal, activity.NameJson, null, body);
        var operation = new Operation(CommandKind.Activity, ordinal, activity.Name)
        {
            Activity = activity, Options = resolved, Body = body, IssuedAt = execution.UtcNow, Row = execution.Row, Index = execution.Commands.Count - 1,
        };
        return Await(activity.Result.NewPending(execution, operation), CommandKind.Activity, token);
    }

    /// <summary>Runs an inline step.</summary>
    public Task RunStep(string name, StepCall step, StepOptions? options)
    {
        ArgumentNullException.ThrowIfNull(step);
        CheckName(name, "A step's name");
        if (!execution.MayCommand(name)) return WorkflowExecution.Never(step.Result);
        ThrowIfFull();
        var resolved = StepDefaults.Resolve(options);
        if (options is not null && ActivityDefinition.Fault(resolved) is { } fault) throw new DurableException(DurableErrorCodes.RequestInvalid, $"Options of step '{name}': {fault}.");
        var ordinal = Issue(CommandKind.Step, execution.QuoteName(name), null, execution.IsReplaying ? null : step.InTransaction ? InTransaction : []);
        var operation = new Operation(CommandKind.Step, ordinal, name)
        {
            Step = step, Options = resolved, IssuedAt = execution.UtcNow, Row = execution.Row, Index = execution.Commands.Count - 1,
        };
        return Await(step.Result.NewPending(execution, operation), CommandKind.Step, CancellationToken.None);
    }

    /// <summary>Waits for a time.</summary>
    public Task Delay(TimeSpan delay, CancellationToken token)
    {
        if (token.IsCancellationRequested) return Task.FromCanceled(token);
        if (!execution.MayCommand("DelayAsync")) return WorkflowExecution.Never(ResultShape.Nothing);
        ThrowIfFull();
        return Await(ResultShape.Nothing.NewPending(execution, IssueTimer(delay < TimeSpan.Zero ? TimeSpan.Zero : delay)), CommandKind.Timer, token);
    }

    /// <summary>Arms a timer of the injected TimeProvider.</summary>
    public Operation? StartTimer(DurableTimer timer, TimeSpan delay)
    {
        if (!execution.MayCommand("a timer")) return null;
        ThrowIfFull();
        var operation = IssueTimer(delay);
        pending.Add(operation.Ordinal, timer);
        execution.AddEffect(new Effect(CommandKind.Timer, operation));
        return operation;
    }

    /// <summary>Arms a timer that calls the engine's own code when its time has come.</summary>
    public Operation StartTimeout(TimeSpan delay, Action onTime)
    {
        var operation = IssueTimer(delay);
        pending.Add(operation.Ordinal, new TimeoutTimer(operation, onTime));
        execution.AddEffect(new Effect(CommandKind.Timer, operation));
        return operation;
    }

    /// <summary>Starts a child run. The child's ids derive from the command's ordinal.</summary>
    public IPendingOperation? StartChild(WorkflowDefinition definition, object?[] arguments, ResultShape result, ChildOptions options, bool awaited)
    {
        var workflowId = options.Id ?? $"{execution.Info.WorkflowId}//{execution.Info.Generation}.{lastOrdinal + 1}";
        CheckName(workflowId, "A child's workflow id");
        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(36_500)))
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"The child's timeout is {timeout}. It must be positive and below a century.");
        if (!execution.MayCommand(definition.Name)) return null;
        ThrowIfFull();
        var ordinal = NextOrdinal();
        var body = IsRecorded(CommandKind.Child, ordinal) ? null : execution.Serializer.EncodeBody(arguments, definition.RunParameterTypes, $"Arguments of {definition.Name}",
            JsonSerializer.SerializeToUtf8Bytes(new ChildOptionsDocument(definition.Version, options.ParentClose, options.Queue, options.Timeout, awaited), ChildJson.Default.ChildOptionsDocument)).ToArray();
        Write(CommandKind.Child, ordinal, definition.NameJson, workflowId, body);
        var operation = new Operation(CommandKind.Child, ordinal, definition.Name)
        {
            Target = workflowId, Body = body, IssuedAt = execution.UtcNow, Row = execution.Row, Index = execution.Commands.Count - 1,
            Child = new ChildCall(RunIds.OfChild(execution.Info.RunId, execution.Info.Generation, ordinal, execution.Info.Namespace, workflowId), definition.Name, definition.Version, options, awaited),
        };
        var child = result.NewPending(execution, operation);
        pending.Add(ordinal, child);
        execution.AddEffect(new Effect(CommandKind.Child, operation));
        return child;
    }

    /// <summary>Signals another run, sends it an item, or cancels it.</summary>
    public Task Send(CommandKind kind, string name, string workflowId, Func<byte[]> encode)
    {
        CheckName(workflowId, "A workflow id");
        if (!execution.MayCommand(name)) return WorkflowExecution.Never(ResultShape.Nothing);
        ThrowIfFull();
        var ordinal = NextOrdinal();
        var body = IsRecorded(kind, ordinal) ? null : encode();
        Write(kind, ordinal, execution.QuoteName(name), workflowId, body);
        var operation = new Operation(kind, ordinal, name) { Target = workflowId, Body = body, IssuedAt = execution.UtcNow, Row = execution.Row, Index = execution.Commands.Count - 1 };
        return Await(ResultShape.Nothing.NewPending(execution, operation), kind, CancellationToken.None);
    }

    /// <summary>Opens a promise.</summary>
    public IPendingOperation OpenPromise(ResultShape result)
    {
        ThrowIfFull();
        var allowed = execution.MayCommand("CreatePromise");
        var ordinal = allowed ? Issue(CommandKind.Promise, NoName, null, execution.IsReplaying ? null : []) : NextOrdinal();
        var promise = result.NewPending(execution, new Operation(CommandKind.Promise, ordinal, "promise") { IssuedAt = execution.UtcNow, Row = execution.Row });
        pending.Add(ordinal, promise);
        return promise;
    }

    /// <summary>Records a marker, an attribute or an answer.</summary>
    public bool Note(CommandKind kind, string name, string? target, byte[]? body)
    {
        if (!execution.MayCommand(name)) return false;
        Issue(kind, name.Length == 0 ? NoName : execution.QuoteName(name), target, body);
        return true;
    }

    /// <summary>Registers a wait that no command stands for.</summary>
    public void AddSilent(IPendingOperation wait) => pending.Add(wait.Operation.Ordinal, wait);

    /// <summary>Gives up a pending operation on behalf of the code: its outcome will not be applied.</summary>
    public void GiveUp(Operation operation)
    {
        if (Take(operation.Ordinal) is null || operation.IsSilent || !execution.MayCommand("a cancellation")) return;
        Write(CommandKind.Cancel, operation.Ordinal, NoName, null, execution.IsReplaying ? null : []);
        execution.AddEffect(new Effect(CommandKind.Cancel, operation));
    }

    /// <summary>Ends all waits that a cancel of the run ends, in order of ordinal (M13).</summary>
    public void CancelAll(CancellationToken token)
    {
        foreach (var waiting in pending.Values.Where(op => !op.IgnoresCancel).OrderBy(op => op.Operation.Ordinal).ToList())
        {
            if (Take(waiting.Operation.Ordinal) is null) continue;          // given up by another one that ended just now
            if (waiting.Operation.Kind == CommandKind.Child && !waiting.Operation.IsSilent) execution.Context.Children.CancelStart(waiting.Operation.Ordinal, token);
            if (!waiting.Operation.IsSilent) execution.AddEffect(new Effect(CommandKind.Cancel, waiting.Operation));
            waiting.Cancel(token);
        }
    }

    /// <summary>Refuses names that cannot be stored.</summary>
    public static void CheckName(string name, string what)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Names.Fault(name) is { } fault) throw new DurableException(DurableErrorCodes.NameTooLong, $"{what} {fault}.");
    }

    private static readonly byte[] NoOptions = [(byte)' '];      // one blank: a body without options

    private byte[] EncodeCall(ActivityDefinition activity, object?[] arguments, CallOptions? options) =>
        execution.Serializer.EncodeBody(arguments, activity.ParameterTypes, activity.CallText,
            options is null ? NoOptions : JsonSerializer.SerializeToUtf8Bytes(options, HistoryJson.Default.CallOptions)).ToArray();

    private Operation IssueTimer(TimeSpan delay)
    {
        if (delay < TimeSpan.Zero || delay > DateTimeOffset.MaxValue - execution.UtcNow) throw new ArgumentOutOfRangeException(nameof(delay), delay, "A durable delay must not be negative and must end before the year 10000.");
        var dueAt = Microseconds.RoundUp(execution.UtcNow + delay);
        var ordinal = Issue(CommandKind.Timer, NoName, null, execution.IsReplaying ? null : JsonSerializer.SerializeToUtf8Bytes(new TimerDocument(dueAt), ChildJson.Default.TimerDocument));
        return new Operation(CommandKind.Timer, ordinal, "timer") { DueAt = dueAt, IssuedAt = execution.UtcNow, Row = execution.Row, Index = execution.Commands.Count - 1 };
    }

    private Task Await(IPendingOperation operation, CommandKind kind, CancellationToken token)
    {
        pending.Add(operation.Operation.Ordinal, operation);
        execution.AddEffect(new Effect(kind, operation.Operation));
        if (token.CanBeCanceled) CancelWith(operation, token);
        return operation.Task;
    }

    /// <summary>Ends an operation when a token is cancelled.</summary>
    public void CancelWith(IPendingOperation operation, CancellationToken token) => operation.Operation.Registration = token.UnsafeRegister(static (state, cancelled) =>
    {
        var (operations, waiting) = ((Operations, IPendingOperation))state!;
        operations.CancelByToken(waiting, cancelled);
    }, (this, operation));

    private void CancelByToken(IPendingOperation waiting, CancellationToken token)
    {
        if (!execution.IsOnTurn("a cancellation token that a durable call was given")) return;
        if (Find(waiting.Operation.Ordinal) != waiting) return;
        if (waiting.Operation.IsSilent) Take(waiting.Operation.Ordinal);
        else GiveUp(waiting.Operation);
        waiting.Cancel(token);
    }

    // Live code got past the encoding of this command, so replay need not encode. A call that cannot be encoded uses up its number: the next one of its kind has another.
    private bool IsRecorded(CommandKind kind, int ordinal) => execution.IsRecordedNext(kind, ordinal);

    private int Issue(CommandKind kind, byte[] name, string? target, byte[]? body)
    {
        var ordinal = NextOrdinal();
        Write(kind, ordinal, name, target, body);
        return ordinal;
    }

    private void Write(CommandKind kind, int ordinal, byte[] name, string? target, byte[]? body)
    {
        if (execution.Commands.Count >= MaxCommandsPerTurn)
        {
            execution.Hold(new Verdict(DurableErrorCodes.NotDurable, $"One turn issued more than {MaxCommandsPerTurn:N0} commands. A loop that awaits nothing issues commands for ever: await in it."));
            throw new InvalidOperationException($"More than {MaxCommandsPerTurn:N0} commands in one turn.");
        }

        execution.OnCommand?.Invoke(execution, kind, ordinal);
        execution.Commands.AddHead(kind, ordinal, name, target);
        if (!execution.IsReplaying) execution.Commands.AddBody(body is { Length: > 0 } ? body : "{}"u8);
    }

    private void ThrowIfFull()
    {
        var most = execution.Started?.MaxPending ?? execution.Limits.MaxPending;
        if (pending.Count < most) return;
        throw new DurableException(DurableErrorCodes.PendingLimit,
            $"{pending.Count:N0} operations are pending in this run, and at most {most:N0} may be. Bound the fan-out with ForEachAsync, split it over child runs, or raise DurableOptions.MaxPendingCommands.");
    }

    private sealed class TimeoutTimer(Operation operation, Action onTime) : IPendingOperation
    {
        public Operation Operation { get; } = operation;

        public Task Task => Task.CompletedTask;

        public bool IgnoresCancel => true;               // its wait is cancelled, and gives it up

        public void Settle(Storage.EventRecord row) => onTime();

        public void Fail(Exception exception) => onTime();

        public void Cancel(CancellationToken token) => onTime();
    }
}
