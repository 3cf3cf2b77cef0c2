// A start, checked completely before anything of it is stored.
using System.Linq.Expressions;
using System.Text;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Class, arguments and options of a start.</summary>
internal sealed class PreparedStart
{
    private readonly WorkflowCall call;
    private readonly string? attributes;
    private readonly byte[] document;

    private PreparedStart(WorkflowCall call, StartOptions options, string workflowId, string? attributes, byte[] document)
    {
        this.call = call;
        this.attributes = attributes;
        this.document = document;
        Options = options;
        WorkflowId = workflowId;
    }

    public StartOptions Options { get; }

    public string WorkflowId { get; }

    /// <summary>Checks a start.</summary>
    /// <exception cref="DurableException">DUR2000, DUR2005, DUR2007 or DUR2008: something in it cannot be stored.</exception>
    public static PreparedStart Read(ClientCore core, Type workflow, LambdaExpression run, StartOptions? given, string verb) =>
        Read(core, () => WorkflowCall.Read(core.Services.Registry, core.Serializer, workflow, run, verb), given);

    /// <summary>Checks a start whose arguments are typed.</summary>
    public static PreparedStart Read(ClientCore core, Type workflow, object?[] arguments, StartOptions? given) => Read(core, () => WorkflowCall.Of(core.Services.Registry.Find(workflow)
        ?? throw new DurableException(DurableErrorCodes.RequestInvalid, $"{workflow.Name} cannot be started: it is no valid workflow class here."), core.Serializer, arguments), given);

    private static PreparedStart Read(ClientCore core, Func<WorkflowCall> read, StartOptions? given)
    {
        var options = given ?? new StartOptions();
        var workflowId = options.Id is { } id ? Check.Name(id, "The workflow id") : core.Services.Machine.NewGuid().ToString();
        Check.Defined(options.IdReuse, "StartOptions.IdReuse");
        Check.Defined(options.IdConflict, "StartOptions.IdConflict");
        Check.Time(options.Delay, "StartOptions.Delay", zeroAllowed: true);
        Check.Time(options.Timeout, "StartOptions.Timeout", zeroAllowed: false);
        if (options.Timeout <= options.Delay)
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"StartOptions.Timeout ({options.Timeout}) is not longer than Delay ({options.Delay}), which it includes: the run would end before it begins.");
        if (!string.IsNullOrEmpty(options.Queue)) Check.Name(options.Queue, "StartOptions.Queue");
        var call = read();
        var attributes = AttributesOf(core, options.Attributes);
        return new PreparedStart(call, options, workflowId, attributes, DocumentOf(core, call, attributes));
    }

    /// <summary>A new run of it. Each try has a run id of its own, so that ids go up with time.</summary>
    public StartRecord ToRecord(ClientCore core)
    {
        var now = core.Clock.GetUtcNow();
        var shard = RunIds.ShardOf(core.Namespace, WorkflowId);
        var runId = RunIds.New(now, shard, core.Services.Machine.NewGuid());
        var (trace, correlation) = ClientCore.Ambient();
        var codec = core.Serializer.Codec;
        return new StartRecord
        {
            RunId = runId, Namespace = core.Namespace, WorkflowId = WorkflowId, Shard = shard, Type = call.Name, Version = call.Version, Build = core.Services.Build,
            Queue = Options.Queue ?? "", Priority = Options.Priority, Attributes = attributes, Secret = core.Services.Machine.Bytes(32), Gate = GateOf(Options.IdReuse),
            Input = Codecs.Encode(codec, document, core.Namespace, runId), Encoding = Codecs.EncodingOf(codec),
            DueAt = Options.Delay is { } delay && delay > TimeSpan.Zero ? Microseconds.RoundUp(now + delay) : null,
            DeadlineAt = Options.Timeout is { } timeout ? Microseconds.RoundUp(now + timeout) : null,
            Trace = trace, Correlation = correlation,
        };
    }

    private static StartGate GateOf(IdReusePolicy policy) => policy switch
    {
        IdReusePolicy.Allow => StartGate.AnyClosed,
        IdReusePolicy.AllowIfFailed => StartGate.OnlyFailed,
        _ => StartGate.Never,
    };

    private static string? AttributesOf(ClientCore core, RunAttributes attributes)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        if (attributes.Count == 0) return null;
        foreach (KeyValuePair<string, System.Text.Json.JsonElement> attribute in attributes) Check.Name(attribute.Key, "The name of an attribute");
        var json = attributes.ToJson();
        Check.Size(Encoding.UTF8.GetBytes(json), core.Serializer, "The attributes");
        return json;
    }

    private static byte[] DocumentOf(ClientCore core, WorkflowCall call, string? attributes) => Check.Document(() => new StartDocument
    {
        Seed = BitConverter.ToUInt64(core.Services.Machine.Bytes(8)),
        Input = JsonText.Element(call.Arguments),
        Attributes = attributes is null ? null : JsonText.Element(Encoding.UTF8.GetBytes(attributes)),
        RollOverSteps = core.Services.Options.RollOverSteps,
        RollOverBytes = core.Services.Options.RollOverBytes,
        MaxPending = core.Services.Options.MaxPendingCommands,
    }, HistoryJson.Default.StartDocument, core.Serializer, $"The start of '{call.Name}'");
}
