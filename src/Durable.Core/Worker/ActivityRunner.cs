// Runs attempts: services from DI, the arguments decoded from what is stored, a time limit, the result as bytes.
using System.Diagnostics;
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Engine.Worker;

/// <summary>Runs activities and steps, at most so many at a time.</summary>
internal sealed class ActivityRunner(EngineServices services, IServiceScopeFactory scopes, TransactionalSteps transactions, EngineLog log, IReadOnlyDictionary<Type, object>? instances = null)
{
    /// <summary>Queue of rows that only the owner's own lane acts on: steps that are to be tried again.</summary>
    public const string OwnerQueue = "\u0001owner";

    private readonly IReadOnlyDictionary<Type, object> instances = instances ?? new Dictionary<Type, object>();
    private readonly WaitingLine waiting = new();
    private readonly Lock gate = new();
    private int running;

    /// <summary>Called when the first place is free again after all were taken. Set by the task pump.</summary>
    public Action Freed { get; set; } = static () => { };

    /// <summary>How many more can start now.</summary>
    public int Free
    {
        get
        {
            lock (gate) return services.Options.MaxConcurrentActivities - running;
        }
    }

    /// <summary>Attempts under way.</summary>
    public int Running
    {
        get
        {
            lock (gate) return running + waiting.Count;
        }
    }

    /// <summary>Runs attempts of transactional steps.</summary>
    public TransactionalSteps Transactions => transactions;

    /// <summary>True if this host serves the queue.</summary>
    public bool Serves(string queue) => queue.Length == 0 || services.Options.ServedQueues.Contains(queue);

    /// <summary>Starts an attempt of a lane, or puts it into the line.</summary>
    public void Start(ActivityAttempt attempt) => Start(attempt.Run, attempt);

    /// <summary>Starts something that counts against the limit; it must call <see cref="Done"/>.</summary>
    public void Start(Action run, IWaiter? who)
    {
        lock (gate)
        {
            if (running >= services.Options.MaxConcurrentActivities)
            {
                waiting.Add(run, services.Clock.GetTimestamp(), who);
                return;
            }

            running++;
        }

        services.Machine.Queue(run);
    }

    /// <summary>One less is running.</summary>
    public void Done()
    {
        Action? next;
        bool wasFull;
        lock (gate)
        {
            wasFull = running == services.Options.MaxConcurrentActivities;
            if (!waiting.TryTake(out next)) running--;
        }

        if (next is not null) services.Machine.Queue(next);
        else if (wasFull) Freed();
    }

    /// <summary>Sends away those that have waited for a place so long that another host may be quicker (the overflow of a backlog).</summary>
    public void SendAway(TimeSpan after)
    {
        var before = services.Clock.GetTimestamp() - (long)(after.TotalSeconds * services.Clock.TimestampFrequency);
        IReadOnlyList<IWaiter> left;
        lock (gate) left = waiting.TakeOut(before);
        foreach (var one in left) one.Leave();
    }

    /// <summary>Runs one activity or step to its result, whatever started it.</summary>
    public async ValueTask<byte[]?> ExecuteAsync(AttemptCall call)
    {
        var provider = new AttemptServices(scopes, instances);
        try
        {
            var context = new AttemptContext(call, provider, services.Serializer);
            provider.Context = context;
            var task = call.Step is { } step ? step.Invoke(call.Session is { } session ? session(provider.Whole) : ServiceOf(step.Service, provider, context)) : Invoke(call, provider);
            if (!task.IsCompleted) await WithinAsync(task, call, call.Attempt.Cancellation).ConfigureAwait(false);
            var json = call.Result.Encode(task, services.Serializer, call.What);
            if (json is not null && call.Options.MaxResultBytes is { } limit && json.Length > limit)
                throw new DurableException(DurableErrorCodes.PayloadTooLarge, $"{call.What} is {json.Length:N0} bytes; its options allow {limit:N0}. Store the content elsewhere and return its key.");
            return json;
        }
        finally
        {
            await provider.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static object? ServiceOf(Type? service, IServiceProvider provider, ActivityContext context) =>
        service is null ? null : service == typeof(ActivityContext) ? context : provider.GetRequiredService(service);

    private Task Invoke(AttemptCall call, IServiceProvider provider)
    {
        var activity = call.Activity!;
        var arguments = services.Serializer.DecodeArguments(call.Arguments.Span, activity.Parameters, activity.CallText);
        return activity.Invoke(provider.GetRequiredService(activity.Service), arguments, activity.TokenAt < 0 ? default : call.Attempt.Cancellation.Token);
    }

    // The attempt's own task is not waited for after its time: code that ignores its token must not hold the run.
    private async Task WithinAsync(Task task, AttemptCall call, CancellationTokenSource cancellation)
    {
        if (services.IsDebugging)
        {
            await task.ConfigureAwait(false);
            return;
        }

        var whole = call.Remaining is { } left && left < call.Options.StartToClose;      // schedule-to-close ends attempts too
        var most = !whole ? call.Options.StartToClose : call.Remaining > TimeSpan.Zero ? call.Remaining.Value : TimeSpan.Zero;
        using var limit = new CancellationTokenSource(most, services.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation.Token);
        var over = services.Machine.NewSource<bool>();
        using var registration = both.Token.UnsafeRegister(static source => ((TaskCompletionSource<bool>)source!).TrySetResult(true), over);
        await Task.WhenAny(task, over.Task).ConfigureAwait(false);
        if (task.IsCompleted || !limit.IsCancellationRequested)
        {
            if (!task.IsCompleted) await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(1), services.Clock)).ConfigureAwait(false);      // told to stop: a moment to do it well
            if (!task.IsCompleted) cancellation.Token.ThrowIfCancellationRequested();
            await task.ConfigureAwait(false);
            return;
        }

        services.Machine.Cancel(cancellation);
        _ = task.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        throw RetryRules.Timeout(call.Name, whole ? call.Options.ScheduleToClose ?? most : most);
    }

    /// <summary>Makes an attempt, and takes its result to the lane.</summary>
    public async Task RunAsync(ActivityAttempt attempt)
    {
        var operation = attempt.Operation;
        var isStep = operation.Kind == CommandKind.Step;
        var completed = isStep ? EventKind.StepCompleted : EventKind.ActivityCompleted;
        var since = services.Clock.GetTimestamp();
        AttemptResult? result = null;
        using var activity = Telemetry.StartAttempt(operation.Name, attempt.Number, attempt.Workflow, attempt.Slot.Run.Trace);
        try
        {
            if (attempt.End != AttemptEnd.None) return;
            if (operation.Step is { InTransaction: true })
            {
                var committed = await transactions.RunAsync(attempt, CallOf(attempt), ExecuteAsync).ConfigureAwait(false);
                if (!committed) Telemetry.LateResults.Add(1);
                Telemetry.AttemptEnded(activity, operation.Name, committed ? "completed" : "superseded", services.Clock.GetElapsedTime(since), null);
                attempt.Settled();
                return;
            }

            var payload = await ExecuteAsync(CallOf(attempt)).ConfigureAwait(false);
            result = new AttemptResult(completed, Codecs.Encode(services.Serializer.Codec, payload, attempt.Workflow.Namespace, attempt.Workflow.RunId), Codecs.EncodingOf(services.Serializer.Codec));
            Telemetry.AttemptEnded(activity, operation.Name, "completed", services.Clock.GetElapsedTime(since), null);
        }
        catch (Exception error)
        {
            if (attempt.End is not AttemptEnd.None) return;        // nobody waits for it any more
            error = Unwrap(error);
            Telemetry.AttemptEnded(activity, operation.Name, "failed", services.Clock.GetElapsedTime(since), error);
            var now = attempt.Lane.Clock.Now;
            var deadline = DeadlineOf(operation);
            var before = Codecs.Decode(services.Serializer.Codec, attempt.Task?.Failures, attempt.Task?.Encoding ?? 0, attempt.Workflow.Namespace, attempt.Workflow.RunId, "Failures of earlier attempts");
            result = RetryRules.After(error, operation.Options, attempt.Number, attempt.Counted + 1, before, now, deadline, isStep ? EventKind.StepFailed : EventKind.ActivityFailed, services.Machine.NextDouble());
            if (result.Failures is { } failures) result = result with { Failures = Codecs.Encode(services.Serializer.Codec, failures, attempt.Workflow.Namespace, attempt.Workflow.RunId) };
            if (result.Payload is { } failed) result = result with { Payload = Codecs.Encode(services.Serializer.Codec, failed, attempt.Workflow.Namespace, attempt.Workflow.RunId), Encoding = Codecs.EncodingOf(services.Serializer.Codec) };
            log.AttemptFailed(attempt.Workflow, operation.Name, attempt.Number, error, result.RetryAfter);
        }
        finally
        {
            // The lane hears of the end before the place is free: a host that stops waits for places, and must not park the run without its result.
            if (result is { } end) attempt.Ended(end);
            Done();
        }
    }

    private static DateTimeOffset? DeadlineOf(Operation operation) => operation.Options.ScheduleToClose is { } limit ? operation.IssuedAt + limit : null;

    private static Exception Unwrap(Exception error) => error is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : error;

    private AttemptCall CallOf(ActivityAttempt attempt)
    {
        var operation = attempt.Operation;
        return new AttemptCall
        {
            Name = operation.Name, What = operation.Activity?.ResultText ?? $"Result of step '{operation.Name}'", Number = attempt.Number, Workflow = attempt.Workflow, Options = operation.Options,
            Attempt = attempt, Activity = operation.Activity, Step = operation.Step, Result = operation.Step?.Result ?? operation.Activity!.Result,
            Arguments = operation.Activity is null ? default : BodyReader.Arguments(attempt.Body), Remaining = DeadlineOf(operation) is { } deadline ? deadline - attempt.Lane.Clock.Now : null,
        };
    }

    /// <summary>The idempotency key of a call: equal in all attempts (DECISIONS 11).</summary>
    public static string KeyOf(Guid runId, int gen, int ordinal) => $"{runId:N}/{gen}/{ordinal}";
}

/// <summary>One call, whatever started it. A value: most attempts end where they began, and leave nothing behind.</summary>
internal readonly record struct AttemptCall
{
    public required string Name { get; init; }

    public required string What { get; init; }

    public required int Number { get; init; }

    public required WorkflowInfo Workflow { get; init; }

    public required CallOptions Options { get; init; }

    public required IAttempt Attempt { get; init; }

    public required ResultShape Result { get; init; }

    public ActivityDefinition? Activity { get; init; }

    public StepCall? Step { get; init; }

    public Func<IServiceProvider, object?>? Session { get; init; }

    public ReadOnlyMemory<byte> Arguments { get; init; }

    public byte[]? Details { get; init; }

    public Action<byte[]>? Beat { get; init; }

    /// <summary>Time until schedule-to-close is over, or null.</summary>
    public TimeSpan? Remaining { get; init; }
}

/// <summary>Finds the arguments in a command's body without parsing the rest.</summary>
internal static class BodyReader
{
    /// <summary>The array behind <c>args</c>.</summary>
    public static ReadOnlyMemory<byte> Arguments(byte[] body)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("args"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found) return body.AsMemory(start, (int)reader.BytesConsumed - start);
        }

        return default;
    }
}
