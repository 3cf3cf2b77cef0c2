// What each kind of arrival does to the code of a run.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Hands one row to user code: starts it, completes what it waits for, calls its handlers.</summary>
internal sealed class Arrivals(WorkflowExecution execution)
{
    private CancellationTokenSource? cancellation;       // made when it is first asked for
    private bool failing;

    /// <summary>The user's object, once the run has begun.</summary>
    public object? Instance { get; private set; }

    /// <summary>True once a cancel was applied.</summary>
    public bool CancelRequested { get; private set; }

    /// <summary>Cancelled by a cancel of the run.</summary>
    public CancellationToken Token => Cancellation.Token;

    private CancellationTokenSource Cancellation => cancellation ??= new();

    /// <summary>Handlers that have begun and not ended.</summary>
    public int HandlersUnderWay { get; private set; }

    /// <summary>Applies a row.</summary>
    public void Dispatch(EventRecord row)
    {
        switch ((EventKind)row.Kind)
        {
            case EventKind.RunStarted:
                Start(row);
                break;
            case EventKind.ActivityCompleted or EventKind.StepCompleted or EventKind.TimerFired or EventKind.ChildCompleted or EventKind.PromiseCompleted or EventKind.SendCompleted:
                Take(row)?.Settle(row);
                break;
            case EventKind.ActivityFailed or EventKind.StepFailed or EventKind.ChildFailed or EventKind.PromiseFailed or EventKind.SendFailed:
                Fail(row);
                break;
            case EventKind.ChildStarted:
                execution.Context.Children.Started(row);
                break;
            case EventKind.ChildStartFailed:
                execution.Context.Children.StartFailed(row, ExceptionOf(row));
                break;
            case EventKind.SignalReceived:
                Signal(row);
                break;
            case EventKind.UpdateReceived:
                Update(row);
                break;
            case EventKind.MailReceived or EventKind.MessageCarried:
                execution.Mail.Deliver(row);
                break;
            case EventKind.CancelRequested:
                Cancel();
                break;
            case var kind when EventKinds.IsAdministrative((short)kind):
                break;
            default:
                execution.Hold(new Verdict(DurableErrorCodes.EventUnknown, $"Row {row.Seq} is of kind {row.Kind}, which this build does not know. Run a build that is at least as new as the one that wrote it."));
                break;
        }
    }

    /// <summary>User code let an exception out: the run compensates and ends with it, or is held (DECISIONS 28).</summary>
    public void LetOut(Exception error) => _ = EndWithAsync(error);

    // The first exception counts. While its compensations run, the code may go on, but no longer decides how the run ends.
    private async Task EndWithAsync(Exception error)
    {
        if (failing || execution.Verdict is not null || execution.End is not null) return;
        failing = true;
        var failure = Failure.From(error);
        var cancelled = error is OperationCanceledException && CancelRequested;
        if (!cancelled && execution.Definition.Options.OnUnhandledException == UnhandledExceptionPolicy.Hold)
        {
            execution.Hold(new Verdict(DurableErrorCodes.RunFailed, $"Workflow '{execution.Info.Workflow}' threw {failure.Type}: {failure.Message} Its policy is to hold such runs: deploy a fixed build, or resume it to try again."));
            return;
        }

        await CompensateAsync();
        execution.Finish(new RunEnd(cancelled ? CommandKind.Cancelled : CommandKind.Fail, null, failure), Body(failure));
    }

    private static byte[] Body(Failure failure) => JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.Failure);

    private void Start(EventRecord row)
    {
        var document = JsonSerializer.Deserialize(Codecs.Plain(execution, row), HistoryJson.Default.StartDocument)!;
        execution.Begin(document, row.At);
        object?[] arguments;
        try
        {
            arguments = execution.Serializer.DecodeArguments(JsonText.Span(document.Input), execution.Definition.RunParameters, execution.Definition.StartText);
        }
        catch (DurableException error)
        {
            execution.Hold(new Verdict(error.Code, error.Message));
            return;
        }

        execution.EnqueueEntry(() => _ = RunAsync(arguments));
    }

    // The frame around [Run]: whatever comes out of it becomes the run's end.
    private async Task RunAsync(object?[] arguments)
    {
        try
        {
            Instance = execution.Definition.Create(execution);
            var task = execution.Definition.Run(Instance, arguments);
            await task;
            if (failing) return;
            var next = execution.Context.Continuation;
            if (next is not null) execution.Finish(new RunEnd(CommandKind.ContinueAsNew, next, null), next);
            else Complete(task);
        }
        catch (Exception error)
        {
            await EndWithAsync(error);
        }
    }

    private void Complete(Task task)
    {
        if (execution.Operations.CompletesNext)
        {
            execution.Finish(new RunEnd(CommandKind.Complete, null, null), null);
            return;
        }

        var result = execution.Definition.RunResult.Encode(task, execution.Serializer, execution.Definition.ResultText);
        execution.Finish(new RunEnd(CommandKind.Complete, result, null), result);
    }

    private async Task CompensateAsync()
    {
        for (var i = execution.Sagas.Count - 1; i >= 0; i--)
        {
            try
            {
                await execution.Sagas[i].CompensateAsync();
            }
            catch (Exception error)
            {
                execution.Log.Add(execution, Microsoft.Extensions.Logging.LogLevel.Error, "A compensation failed after the workflow had failed.", error);
            }
        }
    }

    // In a replay the row must answer something that the code waits for; the lane has checked that for a live row.
    private IPendingOperation? Take(EventRecord row)
    {
        var pending = execution.Operations.Take(row.Ordinal);
        if (pending is null) execution.Hold(Divergence.Unanswerable(execution.Info, row));
        return pending;
    }

    private void Fail(EventRecord row)
    {
        if (Take(row) is not { } pending) return;
        pending.Fail(ExceptionOf(row, pending.Operation));
    }

    private DurableException ExceptionOf(EventRecord row, Operation? operation = null)
    {
        var failed = JsonSerializer.Deserialize(Codecs.Plain(execution, row), HistoryJson.Default.OperationFailure)!;
        return (EventKind)row.Kind switch
        {
            EventKind.ChildFailed => new RunFailedException(operation?.Target ?? "", failed.Status ?? RunStatus.Failed, failed.Failure, failed.Code),
            EventKind.ChildStartFailed => new RunConflictException(failed.Code, failed.Failure.Message),
            EventKind.SendFailed when failed.Code == DurableErrorCodes.RunNotFound => new RunNotFoundException(failed.Failure.Message),
            EventKind.SendFailed => new RunConflictException(failed.Code, failed.Failure.Message),
            _ => new ActivityFailedException(operation?.Name ?? row.Target ?? "", failed.Attempts, failed.Failure, failed.Code),
        };
    }

    private void Signal(EventRecord row)
    {
        if (execution.Definition.Signal(row.Target ?? "") is not { } handler)
        {
            execution.Log.Add(execution, Microsoft.Extensions.Logging.LogLevel.Warning, $"Signal '{row.Target}' has no handler in {execution.Definition.Type.Name}; it is recorded and ignored.", null);
            return;
        }

        if (Decode(row, Codecs.Plain(execution, row), handler, "Signal") is { } arguments) execution.EnqueueEntry(() => _ = HandleAsync(handler, arguments));
    }

    private async Task HandleAsync(HandlerDefinition handler, object?[] arguments)
    {
        HandlersUnderWay++;
        try
        {
            if (handler.Invoke(Instance!, arguments) is Task task) await task;
        }
        catch (Exception error)
        {
            await EndWithAsync(error);
        }
        finally
        {
            HandlersUnderWay--;
        }
    }

    private void Update(EventRecord row)
    {
        var request = JsonSerializer.Deserialize(Codecs.Plain(execution, row), HistoryJson.Default.UpdateRequest)!;
        if (execution.Definition.Update(row.Target ?? "") is not { } handler)
        {
            var missing = new Failure(typeof(MissingMethodException).FullName!, $"Update '{row.Target}' has no handler in {execution.Definition.Type.Name}.");
            execution.EnqueueEntry(() => Answer(row.Target ?? "", request.Id, new UpdateAnswer { State = "failed", Failure = missing }));
            return;
        }

        if (Decode(row, JsonText.Of(request.Arguments), handler, "Update") is { } arguments) execution.EnqueueEntry(() => _ = UpdateAsync(handler, request.Id, arguments));
    }

    private async Task UpdateAsync(HandlerDefinition handler, string id, object?[] arguments)
    {
        UpdateAnswer answer;
        HandlersUnderWay++;
        try
        {
            var task = (Task)handler.Invoke(Instance!, arguments)!;
            await task;
            answer = execution.IsReplaying ? new UpdateAnswer { State = "answered" } : Answered(handler, task);
        }
        catch (Exception error)
        {
            answer = new UpdateAnswer { State = "failed", Failure = Failure.From(error) };
        }

        HandlersUnderWay--;
        Answer(handler.Name, id, answer);
    }

    private UpdateAnswer Answered(HandlerDefinition handler, Task task)
    {
        var json = handler.Result!.Encode(task, execution.Serializer, $"Answer of update '{handler.Name}'");
        return new UpdateAnswer { State = "answered", Answer = json is null ? null : JsonText.Element(json) };
    }

    private void Answer(string name, string id, UpdateAnswer answer)
    {
        var body = execution.IsReplaying ? null : JsonSerializer.SerializeToUtf8Bytes(answer, HistoryJson.Default.UpdateAnswer);
        if (execution.Operations.Note(CommandKind.Answer, name, id, body)) execution.AddEffect(new Effect(CommandKind.Answer, null, answer, id));
    }

    private object?[]? Decode(EventRecord row, ReadOnlySpan<byte> json, HandlerDefinition handler, string what)
    {
        try
        {
            return execution.Serializer.DecodeArguments(json, handler.Parameters, $"{what} '{handler.Name}'");
        }
        catch (DurableException error)
        {
            execution.Hold(new Verdict(error.Code, error.Message) { Row = row.Seq });
            return null;
        }
    }

    // One arrival: the token first, then the waits that were pending, in order of ordinal (M13).
    private void Cancel() => execution.EnqueueEntry(() =>
    {
        if (CancelRequested) return;                     // edge-triggered: asked again, it must not end the compensation
        CancelRequested = true;
        Cancellation.Cancel();
        execution.Operations.CancelAll(Cancellation.Token);
    });
}
