// Something that happened to a run, on its way into the history.
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>An arrival: from a message, or from the lane itself (results in memory, timers).</summary>
internal sealed record Arrival(EventKind Kind, int Ordinal = 0, string? Target = null, byte[]? Payload = null, short Encoding = 0)
{
    /// <summary>The message that it comes from, or null.</summary>
    public MessageRecord? Message { get; init; }

    /// <summary>What goes to another group in the batch that takes this arrival, or null.</summary>
    public MessageRecord? Outgoing { get; init; }

    /// <summary>The row for another group whose fate it tells, or null: removed in the batch that takes it.</summary>
    public OutgoingKey? Forwarded { get; init; }

    /// <summary>Generation of the command that it answers, or -1.</summary>
    public int ReplyGen { get; init; } = -1;

    /// <summary>Who began the run; for its first row.</summary>
    public string? Actor { get; init; }

    /// <summary>The business transaction; for its first row.</summary>
    public string? Correlation { get; init; }

    /// <summary>Trace context; for its first row.</summary>
    public string? Trace { get; init; }

    /// <summary>The arrival of a message.</summary>
    public static Arrival Of(MessageRecord message) => new((EventKind)message.Kind, message.ReplyOrdinal, message.Target, message.Payload, message.Encoding)
    {
        Message = message, ReplyGen = message.ReplyGen,
    };
}
