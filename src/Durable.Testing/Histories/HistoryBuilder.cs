// Makes a history without a host: the class runs, and the test says what comes back from outside, one arrival after the other.
using System.Linq.Expressions;
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>
/// Builds a history by hand: for paths that are hard to reach in a host, and for classes of yesterday that a test keeps. The result is what
/// <see cref="RunHandle.ExportAsync"/> would give, so <see cref="Replay"/> and <see cref="DurableClient.ImportAsync"/> take it.
/// </summary>
/// <typeparam name="TWorkflow">The class that asks; its activities are not called.</typeparam>
/// <remarks>
/// <example><code>
/// var history = new HistoryBuilder&lt;OrderWorkflow&gt;("order-7", w => w.RunAsync(order))
///     .Completes("Payments.Charge", "charge-1").After(TimeSpan.FromDays(3)).FiresTimer().Completes("Payments.Refund").Build();
/// Replay.Verify&lt;OrderWorkflow&gt;(history);
/// </code></example>
/// </remarks>
public sealed class HistoryBuilder<TWorkflow> where TWorkflow : class
{
    private readonly PayloadSerializer serializer = new(null, 64, 2 * 1024 * 1024, null);
    private readonly List<EventRecord> rows = [];
    private readonly WorkflowExecution execution;
    private readonly RunRecord run;
    private DateTimeOffset now;

    /// <summary>Begins a history.</summary>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="start">The call of <c>[Run]</c> that begins it.</param>
    /// <param name="at">When it began. Default 2030-01-01 00:00 UTC.</param>
    /// <param name="seed">The run's seed, which its random numbers and ids derive from.</param>
    public HistoryBuilder(string workflowId, Expression<Func<TWorkflow, Task>> start, DateTimeOffset? at = null, ulong seed = 4711)
    {
        ArgumentException.ThrowIfNullOrEmpty(workflowId);
        ArgumentNullException.ThrowIfNull(start);
        now = at ?? new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var faults = new List<string>();
        var definition = WorkflowDefinition.Read(typeof(TWorkflow), new WorkflowOptions(), static service => service.IsInterface ? ActivityGroup.Read(service, []) : null, faults)
            ?? throw new DurableException(DurableErrorCodes.RegistrationInvalid, string.Join(" ", faults));
        var registry = new WorkflowRegistry([], []);
        var shard = RunIds.ShardOf("default", workflowId);
        var runId = RunIds.New(now, shard, new Guid("6f1d2c3b-0000-4000-8000-000000000001"));
        run = new RunRecord
        {
            RunId = runId, Namespace = "default", WorkflowId = workflowId, Ordinal = 0, Shard = shard, Type = definition.Name, Version = definition.Version, Build = "", Status = RunStatus.Running, Gen = 0, CreatedAt = now,
            Secret = new byte[32],
        };
        execution = new WorkflowExecution(definition, new WorkflowInfo(workflowId, runId, definition.Name, definition.Version) { Namespace = "default" }, run.Secret, serializer, new ExecutionLimits(), NullLogSink.Instance, registry.Find);
        var arguments = serializer.EncodeArguments(CallExpression.OfMethod(start, nameof(HistoryBuilder<TWorkflow>)).Arguments, definition.RunParameterTypes, "arguments");
        Apply(EventKind.RunStarted, 0, null, JsonSerializer.SerializeToUtf8Bytes(new StartDocument { Seed = seed, Input = JsonText.Element(arguments) }, HistoryJson.Default.StartDocument));
    }

    /// <summary>Lets time pass before what comes next.</summary>
    /// <param name="time">How much.</param>
    public HistoryBuilder<TWorkflow> After(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        now += time;
        return this;
    }

    /// <summary>The oldest pending activity, step or child of that name succeeds.</summary>
    /// <param name="name">Stored name: <c>Payments.Charge</c>, the name of the step, the name of the child's class.</param>
    /// <param name="result">Its result, or null for none.</param>
    public HistoryBuilder<TWorkflow> Completes(string name, object? result = null)
    {
        var operation = Pending(name);
        var payload = result is null ? null : serializer.Encode(result, result.GetType(), $"Result of {name}");
        return Apply(operation.Kind switch { CommandKind.Step => EventKind.StepCompleted, CommandKind.Child => EventKind.ChildCompleted, _ => EventKind.ActivityCompleted }, operation.Ordinal, null, payload);
    }

    /// <summary>The oldest pending activity, step or child of that name gives up.</summary>
    /// <param name="name">Stored name.</param>
    /// <param name="error">Why.</param>
    public HistoryBuilder<TWorkflow> Fails(string name, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var operation = Pending(name);
        var isChild = operation.Kind == CommandKind.Child;
        var failure = new OperationFailure { Code = isChild ? DurableErrorCodes.RunFailed : DurableErrorCodes.ActivityGaveUp, Failure = Failure.From(error), Attempts = 1 };
        return Apply(operation.Kind switch { CommandKind.Step => EventKind.StepFailed, CommandKind.Child => EventKind.ChildFailed, _ => EventKind.ActivityFailed }, operation.Ordinal, null,
            JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.OperationFailure));
    }

    /// <summary>The child that was started without waiting for its end has begun.</summary>
    /// <param name="name">Stored name of its class.</param>
    public HistoryBuilder<TWorkflow> Begins(string name) => Apply(EventKind.ChildStarted, Pending(name).Ordinal, null, null);

    /// <summary>What was sent to another run under that name has arrived.</summary>
    /// <param name="name">Name of the signal or mailbox; <c>cancel</c> for a request to cancel.</param>
    public HistoryBuilder<TWorkflow> Delivers(string name) => Apply(EventKind.SendCompleted, Pending(name).Ordinal, null, null);

    /// <summary>The timer that is due first fires; time goes on to when it is due.</summary>
    public HistoryBuilder<TWorkflow> FiresTimer()
    {
        var timer = execution.Operations.Pending.Select(pending => pending.Operation).Where(pending => pending is { Kind: CommandKind.Timer, IsSilent: false }).OrderBy(pending => pending.DueAt).ThenBy(pending => pending.Ordinal).FirstOrDefault()
            ?? throw Nothing("a timer");
        if (timer.DueAt > now) now = timer.DueAt;
        return Apply(EventKind.TimerFired, timer.Ordinal, null, null);
    }

    /// <summary>A signal comes.</summary>
    /// <param name="signal">The call.</param>
    public HistoryBuilder<TWorkflow> Receives(Expression<Action<TWorkflow>> signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        var call = CallExpression.OfMethod(signal, "Receives");
        var (name, types) = Members.Signal(typeof(TWorkflow), call.Member);
        return Apply(EventKind.SignalReceived, 0, name, serializer.EncodeArguments(call.Arguments, types, $"Signal '{name}'"));
    }

    /// <summary>The run is asked to cancel.</summary>
    public HistoryBuilder<TWorkflow> IsCancelled() => Apply(EventKind.CancelRequested, 0, null, "{}"u8.ToArray());

    /// <summary>The history so far, as an export.</summary>
    public JsonElement Build() => RunExport.Export(run, rows);

    internal IReadOnlyList<Operation> Waiting => [.. execution.Operations.Pending.Select(pending => pending.Operation).Where(pending => !pending.IsSilent).OrderBy(pending => pending.Ordinal)];

    internal bool HasEnded => execution.End is not null;

    internal IReadOnlyList<EventRecord> Rows => rows;

    private Operation Pending(string name) =>
        execution.Operations.Pending.Select(pending => pending.Operation).Where(pending => !pending.IsSilent && pending.Name == name).OrderBy(pending => pending.Ordinal).FirstOrDefault() ?? throw Nothing($"'{name}'");

    private WorkflowTestException Nothing(string what)
    {
        var pending = execution.Operations.Pending.Select(op => op.Operation).Where(op => !op.IsSilent).OrderBy(op => op.Ordinal).Select(op => $"{op.Kind} '{op.Name}' #{op.Ordinal}").ToList();
        return new WorkflowTestException(DurableErrorCodes.RequestInvalid, $"After event 0:{rows.Count - 1} the run '{run.WorkflowId}' does not wait for {what}. " +
            (execution.End is { } end ? $"It has ended ({end.Kind})." : pending.Count == 0 ? "It waits for nothing that has a name." : $"It waits for {string.Join(", ", pending)}."));
    }

    private HistoryBuilder<TWorkflow> Apply(EventKind kind, int ordinal, string? target, byte[]? payload)
    {
        if (execution.End is { } end) throw new WorkflowTestException(DurableErrorCodes.RequestInvalid, $"The run '{run.WorkflowId}' has ended ({end.Kind}) and takes nothing more.");
        now += TimeSpan.FromMilliseconds(1);
        var row = new EventRecord
        {
            RunId = run.RunId, Gen = 0, Seq = rows.Count, Kind = (short)kind, At = now, Ordinal = ordinal, Target = target, Payload = payload, Schema = 1, Namespace = run.Namespace, Shard = run.Shard,
        };
        if (execution.Apply(row) is { } verdict) throw new WorkflowTestException(verdict.Code, verdict.Message);
        rows.Add(row);
        return this;
    }
}
