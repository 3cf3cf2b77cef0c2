// The document of an exported run: exact rows for import and replay, and the same as CloudEvents 1.0 for everybody else. Format: docs/history-format.md.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Durable.Engine.Client;

/// <summary>The whole document.</summary>
internal sealed record ExportDocument
{
    /// <summary>The exact run.</summary>
    public required ExportedRun Durable { get; init; }

    /// <summary>Its expanded history, one CloudEvent each.</summary>
    public required IReadOnlyList<CloudEvent> Events { get; init; }
}

/// <summary>A run with its rows.</summary>
internal sealed record ExportedRun
{
    /// <summary>The version of this format that this build writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    public required int Schema { get; init; }

    public required ExportedHeader Run { get; init; }

    /// <summary>How many rows there are: checksums do not tell that the last ones are missing.</summary>
    public required int Count { get; init; }

    public required IReadOnlyList<ExportedRow> Rows { get; init; }
}

/// <summary>The run's row, without its secret.</summary>
internal sealed record ExportedHeader
{
    public required Guid RunId { get; init; }

    public required string Namespace { get; init; }

    public required string WorkflowId { get; init; }

    public required string Workflow { get; init; }

    public required int Version { get; init; }

    public required RunStatus Status { get; init; }

    public required int Generation { get; init; }

    public required int FirstGeneration { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    public DateTimeOffset? DeadlineAt { get; init; }

    public string Build { get; init; } = "";

    public string Queue { get; init; } = "";

    public int Priority { get; init; }

    public string? Attributes { get; init; }

    public Guid? Parent { get; init; }

    public string? Actor { get; init; }

    public string? Correlation { get; init; }

    public string? Trace { get; init; }

    /// <summary>The start document of a run that has not begun.</summary>
    public string? Input { get; init; }

    public string? InputBase64 { get; init; }

    /// <summary>Result or failure of a closed run.</summary>
    public string? Outcome { get; init; }

    public string? OutcomeBase64 { get; init; }

    /// <summary>Of input and outcome: 0 plain, 1 a codec's.</summary>
    public short Encoding { get; init; }
}

/// <summary>A row of the history. Payloads are text where they are UTF-8, so that they stay readable and exact.</summary>
internal sealed record ExportedRow
{
    public required int Gen { get; init; }

    public required int Seq { get; init; }

    public required short Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    public int Ordinal { get; init; }

    public string? Target { get; init; }

    public string? Payload { get; init; }

    public string? PayloadBase64 { get; init; }

    public string? Commands { get; init; }

    public string? CommandsBase64 { get; init; }

    public short Encoding { get; init; }

    public short Schema { get; init; }

    public required int Crc { get; init; }

    public Guid Sender { get; init; }

    public long SenderSeq { get; init; }

    public string? Actor { get; init; }

    public string? Correlation { get; init; }

    public string? Causation { get; init; }

    public string? Trace { get; init; }
}

/// <summary>An event in the CloudEvents 1.0 JSON format.</summary>
internal sealed record CloudEvent(string Specversion, string Id, string Source, string Type, string Subject, DateTimeOffset Time, string Datacontenttype, JsonElement Data);

/// <summary>Source-generated metadata of the document.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, MaxDepth = 1_024)]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(ExportedRun))]
internal sealed partial class ExportJson : JsonSerializerContext;
