namespace Durable;

/// <summary>Turns payloads into what the store holds, and back: encryption or compression. One codec for each engine; safe to use from many threads.</summary>
/// <remarks>
/// It sees arguments, results, messages, heartbeat details and the text of failures; not names, ids, attributes and times. Replay compares heads of commands only, so
/// it needs no equal bytes for equal input. Keep old keys as long as runs that used them are kept. The idea is Temporal's.
/// </remarks>
public abstract class PayloadCodec
{
    /// <summary>A short, fixed name of this codec, stored with every payload; a reader without the codec of that name holds the run (DUR2005).</summary>
    public abstract string Id { get; }

    /// <summary>Encodes a payload before it is stored.</summary>
    /// <param name="payload">JSON as UTF-8.</param>
    /// <param name="context">Where the payload belongs; use it as associated data, so that payloads cannot be exchanged for each other.</param>
    /// <returns>The bytes to store. Put an id of the key into them if keys change.</returns>
    public abstract byte[] Encode(ReadOnlySpan<byte> payload, PayloadContext context);

    /// <summary>Decodes what <see cref="Encode"/> gave. An exception holds the run that needs the payload (DUR2005); nothing is guessed.</summary>
    /// <param name="payload">The stored bytes.</param>
    /// <param name="context">The same as when it was encoded.</param>
    /// <returns>JSON as UTF-8.</returns>
    public abstract byte[] Decode(ReadOnlySpan<byte> payload, PayloadContext context);
}

/// <summary>Where a payload belongs.</summary>
/// <param name="Namespace">The namespace of the run.</param>
/// <param name="RunId">The run.</param>
/// <param name="Sequence">A number of the payload within the run; the same at encoding and decoding.</param>
public sealed record PayloadContext(string Namespace, Guid RunId, long Sequence);
