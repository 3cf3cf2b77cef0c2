// Recorded histories against the code of today: one call in a test.
using System.Text;
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Testing;

/// <summary>Replays recorded histories (the JSON of <see cref="RunHandle.ExportAsync"/>) against workflow classes. Nothing is called, nothing is written.</summary>
/// <remarks>A recorded history in the repository is the cheapest proof that a change of a workflow breaks no open run. Record one for each path that matters.</remarks>
public static class Replay
{
    private static readonly byte[] NoSecret = new byte[32];      // exports hold none; it only signs the tokens of promises, which are arguments

    /// <summary>Replays one history against a class.</summary>
    /// <typeparam name="TWorkflow">The class. Activities are found in its constructor.</typeparam>
    /// <param name="json">The export.</param>
    /// <returns>The report; see <see cref="ReplayReport.ToMarkdown"/>.</returns>
    /// <exception cref="DurableException">DUR4001: code and history differ; the message says what was recorded, what was attempted, and the line. DUR2000, DUR5002: the text is no intact export.</exception>
    public static ReplayReport Verify<TWorkflow>(string json) where TWorkflow : class
    {
        ArgumentNullException.ThrowIfNull(json);
        return Verify<TWorkflow>([json]).ThrowIfIncompatible();
    }

    /// <summary>Replays one history against a class.</summary>
    /// <typeparam name="TWorkflow">The class.</typeparam>
    /// <param name="export">The export.</param>
    /// <returns>The report.</returns>
    /// <exception cref="DurableException">As for the other form.</exception>
    public static ReplayReport Verify<TWorkflow>(JsonElement export) where TWorkflow : class => Verify<TWorkflow>(export.GetRawText());

    /// <summary>Replays one history against what a host registers: for own JSON options, codecs and several versions of a class.</summary>
    /// <param name="json">The export.</param>
    /// <param name="configure">Registers workflows and activities, as the application does. A store is not opened.</param>
    /// <returns>The report.</returns>
    /// <exception cref="DurableException">As for the other forms. DUR2006: no class of that name and version is registered.</exception>
    public static ReplayReport Verify(string json, Action<DurableBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(configure);
        return Check([json], configure).ThrowIfIncompatible();
    }

    /// <summary>Replays all histories of a folder: every <c>*.json</c> in it and below.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="configure">Registers workflows and activities, as the application does.</param>
    /// <returns>The report over all of them.</returns>
    /// <exception cref="DurableException">At least one does not fit; the message lists them all.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or no history in it: a check of nothing must not pass.</exception>
    public static ReplayReport VerifyFolder(string folder, Action<DurableBuilder> configure) => CheckFolder(folder, configure).ThrowIfIncompatible();

    /// <summary>The same without an exception for histories that do not fit: for a report that a build publishes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="configure">Registers workflows and activities, as the application does.</param>
    /// <returns>The report over all histories of the folder.</returns>
    public static ReplayReport CheckFolder(string folder, Action<DurableBuilder> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(configure);
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList() : [];
        if (files.Count == 0) throw new DirectoryNotFoundException($"There are no recorded histories (*.json) in '{Path.GetFullPath(folder)}'. Record one with RunHandle.ExportAsync, and let the project copy the folder to its output.");
        return Check(files.Select(File.ReadAllText), configure);
    }

    private static ReplayReport Verify<TWorkflow>(IEnumerable<string> exports) where TWorkflow : class
    {
        var faults = new List<string>();
        var called = new WorkflowRegistry([], []);
        var definition = WorkflowDefinition.Read(typeof(TWorkflow), new WorkflowOptions(), static service => service.IsInterface ? ActivityGroup.Read(service, []) : null, faults)
            ?? throw new DurableException(DurableErrorCodes.RegistrationInvalid, string.Join(" ", faults));
        return Check(exports, new PayloadSerializer(null, Defaults.MaxJsonDepth, Defaults.MaxPayloadBytes, null), called.Find, (name, version) =>
            name == definition.Name && version == definition.Version ? definition : null);
    }

    private static ReplayReport Check(IEnumerable<string> exports, Action<DurableBuilder> configure)
    {
        var world = TestWorld.Create(new WorkflowTestOptions());
        using var services = TestProcess.Build(world, configure, world.Store, world.Clock, worker: false, "replay");
        var engine = services.GetRequiredService<EngineServices>();
        return Check(exports, engine.Serializer, engine.Registry.Find, engine.Registry.Find);
    }

    private static ReplayReport Check(IEnumerable<string> exports, PayloadSerializer serializer, Func<Type, WorkflowDefinition?> definitions, Func<string, int, WorkflowDefinition?> find)
    {
        var judge = new ReplayJudge(serializer, Defaults.MaxPendingCommands, definitions);
        foreach (var json in exports)
        {
            var (header, rows) = RunExport.Read(Encoding.UTF8.GetBytes(json), serializer.Codec);
            var definition = find(header.Workflow, header.Version) ?? throw new DurableException(DurableErrorCodes.WorkflowNotHere,
                $"The history of run '{header.WorkflowId}' is of workflow '{header.Workflow}' version {header.Version}, and no such class was given. Name the class with [Workflow(\"{header.Workflow}\", Version = {header.Version})], or give the one that wrote it.");
            if (rows.Count == 0) throw new DurableException(DurableErrorCodes.RequestInvalid, $"The history of run '{header.WorkflowId}' is empty: it had not begun when it was exported. Export it later.");
            judge.Judge(definition, RunOf(header), rows);
        }

        return judge.Report();
    }

    private static DurableOptions Defaults { get; } = new();

    private static RunRecord RunOf(ExportedHeader header) => new()
    {
        RunId = header.RunId, Namespace = header.Namespace, WorkflowId = header.WorkflowId, Ordinal = 0, Shard = RunIds.ShardOf(header.RunId), Type = header.Workflow, Version = header.Version, Build = header.Build,
        Status = header.Status, Gen = header.Generation, CreatedAt = header.CreatedAt, Secret = NoSecret,
    };
}
