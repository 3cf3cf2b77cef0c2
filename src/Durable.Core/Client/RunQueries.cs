// Queries: on the owner if this process is it, else by replaying committed history here (DECISIONS 17).
using System.Linq.Expressions;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Reads state of runs.</summary>
internal sealed class RunQueries(ClientCore core, HistoryReader history)
{
    /// <summary>Answers a query from the last committed turn.</summary>
    public async Task<TValue> QueryAsync<TValue>(RunTarget target, Type workflow, LambdaExpression query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var call = CallExpression.OfMember(query, "QueryAsync");
        var (name, types) = Members.Query(workflow, call.Member);
        Check.Handler(call.Member, "[Query]", type => type != typeof(void) && !ResultShape.IsTask(type), "A [Query] gives a value, at once: no void, no Task.");
        return await QueryAsync<TValue>(target, name, call.Arguments, types, cancellationToken);
    }

    /// <summary>The same, with typed arguments.</summary>
    public async Task<TValue> QueryAsync<TValue>(RunTarget target, string name, object?[] given, Type[] types, CancellationToken cancellationToken)
    {
        var encoded = core.Serializer.EncodeArguments(given, types, $"Query '{name}'");

        await core.ReadAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        var definition = core.Services.Registry.Find(run.Type, run.Version)
            ?? throw new DurableException(DurableErrorCodes.WorkflowNotHere, $"The run '{run.WorkflowId}' is of '{run.Type}' version {run.Version}, which this process has not registered, so it cannot answer a query. Register the class (WithoutWorker is enough), or ask a process that has it.");
        var handler = definition.Query(name)
            ?? throw new DurableException(DurableErrorCodes.RequestInvalid, $"The run '{run.WorkflowId}' is of '{run.Type}' version {run.Version}, and {definition.Type.Name} has no query '{name}'.");
        var arguments = core.Serializer.DecodeArguments(encoded, handler.Parameters, $"Query '{name}'");
        var what = $"Answer of query '{name}'";
        var (owned, answer) = await core.Worker.TryQueryAsync(run.RunId, handler, arguments, cancellationToken);
        if (!owned) answer = core.Serializer.Encode(await ReplayAsync(run, definition, handler, arguments, cancellationToken), handler.ReturnType, what);
        return core.Serializer.Decode<TValue>(answer, what)!;      // through JSON, so that no object of a live run is in the caller's hands
    }

    private async Task<object?> ReplayAsync(RunRecord run, WorkflowDefinition definition, HandlerDefinition handler, object?[] arguments, CancellationToken cancellationToken)
    {
        var rows = new List<EventRecord>();
        await foreach (var row in history.RowsAsync(run, run.Gen, cancellationToken))
            if (row.Gen == run.Gen) rows.Add(row);
        if (rows.Count == 0) throw NotBegun("Ask again when a worker has taken it.");
        var info = new WorkflowInfo(run.WorkflowId, run.RunId, run.Type, run.Version) { Namespace = run.Namespace, Generation = run.Gen };
        var limits = new ExecutionLimits(core.Services.Options.MaxPendingCommands);
        var execution = new WorkflowExecution(definition, info, run.Secret, core.Serializer, limits, NullLogSink.Instance, core.Services.Registry.Find);
        if (execution.Replay(rows) is { } verdict) throw new DurableException(verdict.Code, verdict.Message);
        return execution.HasInstance ? execution.Query(handler, arguments) : throw NotBegun($"It was {run.Status} before its code ran.");      // its first row is an operator's

        RunConflictException NotBegun(string advice) =>
            new(DurableErrorCodes.RunInWrongState, $"The run '{run.WorkflowId}' ({run.RunId}) has not begun, so there is no state to read. {advice}", RunInfos.Of(run));
    }
}
