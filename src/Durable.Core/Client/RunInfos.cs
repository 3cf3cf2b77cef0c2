// Rows of the store as what callers see.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Makes <see cref="RunInfo"/> and the conflicts that carry one.</summary>
internal static class RunInfos
{
    /// <summary>A run's row, with what it waits for if that is known.</summary>
    public static RunInfo Of(RunRecord run, WaitReason? wait = null) =>
        new(run.WorkflowId, run.RunId, run.Type, run.Version, run.Status, run.CreatedAt, run.ClosedAt, wait, AttributesOf(run.Attributes));

    /// <summary>The run is closed: DUR2010.</summary>
    public static RunConflictException Closed(RunRecord run, string verb) => new(DurableErrorCodes.RunClosed,
        $"{verb} came too late: the run '{run.WorkflowId}' ({run.RunId}) has closed{(RunLifecycle.IsClosed(run.Status) ? $" as {run.Status}" : "")}. Start another run if the work is still wanted.", Of(run));

    /// <summary>What a wake row says that its run waits for.</summary>
    public static IReadOnlyList<WaitDocument> WaitsOf(string? json)
    {
        if (string.IsNullOrEmpty(json)) return [];
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? document.RootElement.Deserialize(HistoryJson.Default.IReadOnlyListWaitDocument) ?? []
            : [document.RootElement.Deserialize(HistoryJson.Default.WaitDocument)!];
    }

    /// <summary>A wait as callers see it.</summary>
    public static WaitReason Of(WaitDocument wait) => new(wait.Kind, wait.Target, wait.Since, wait.Until, wait.Detail);

    private static RunAttributes AttributesOf(string? json)
    {
        if (string.IsNullOrEmpty(json)) return new RunAttributes();
        using var document = JsonDocument.Parse(json);
        return RunAttributes.FromJson(document.RootElement);
    }
}
