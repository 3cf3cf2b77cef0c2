// Refuses what cannot be stored, before anything is.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Durable.Engine.Registration;

namespace Durable.Engine.Client;

/// <summary>Checks of requests.</summary>
internal static class Check
{
    /// <summary>The longest delay or time-out: nobody means more, and sums with it stay within the calendar.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Refuses ids and names that cannot be stored.</summary>
    /// <exception cref="DurableException">DUR2008: too long. DUR2000: empty, or with characters that cannot be stored.</exception>
    public static string Name(string name, string what)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Names.Fault(name) is not { } fault) return name;
        throw new DurableException(name.Length > Names.MaxLength ? DurableErrorCodes.NameTooLong : DurableErrorCodes.RequestInvalid, $"{what} {fault}.");
    }

    /// <summary>Refuses handlers that no worker could register: a process that only calls has not read the whole class.</summary>
    public static void Handler(System.Reflection.MemberInfo member, string attribute, Func<Type, bool> returns, string rule)
    {
        if (member is not System.Reflection.MethodInfo method) return;
        var where = $"{attribute} {method.DeclaringType?.Name}.{method.Name}";
        if (!returns(method.ReturnType)) throw new DurableException(DurableErrorCodes.RequestInvalid, $"{where} returns {method.ReturnType.Name}. {rule}");
        if (method.IsGenericMethod) throw new DurableException(DurableErrorCodes.RequestInvalid, $"{where} is generic. Stored calls have concrete types: make it non-generic.");
        if (method.GetParameters().Any(parameter => parameter.ParameterType.IsByRef || parameter.ParameterType == typeof(CancellationToken)))
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"{where} takes a CancellationToken or an argument by reference. Use WorkflowContext.CancellationToken, and pass values.");
    }

    /// <summary>Refuses values of an enum that it does not have.</summary>
    public static void Defined<T>(T value, string what) where T : struct, Enum
    {
        if (!Enum.IsDefined(value)) throw new DurableException(DurableErrorCodes.RequestInvalid, $"{what} is {value}. It is one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    /// <summary>Refuses negative and absurd times.</summary>
    public static void Time(TimeSpan? time, string what, bool zeroAllowed)
    {
        if (time is not { } given) return;
        if (given < TimeSpan.Zero || given > Longest || (given == TimeSpan.Zero && !zeroAllowed))
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"{what} is {given}. It must {(zeroAllowed ? "not be negative" : "be positive")} and at most {Longest.Days:N0} days.");
    }

    /// <summary>Writes one of our own documents around a user's payload.</summary>
    /// <exception cref="DurableException">DUR2005: with the document around it the payload nests deeper than it can be read. DUR2007: it is too long.</exception>
    public static byte[] Document<T>(Func<T> make, JsonTypeInfo<T> info, PayloadSerializer serializer, string what)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(make(), info);
            var reader = new Utf8JsonReader(json);
            while (reader.Read());                     // throws where a later reader would
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"{what} cannot be stored so that it can be read again: {error.Message} Make it flatter.", error);
        }

        return Size(json, serializer, what);
    }

    /// <summary>Refuses what is too long to store.</summary>
    public static byte[] Size(byte[] json, PayloadSerializer serializer, string what) => json.Length <= serializer.MaxBytes + Envelope
        ? json
        : throw new DurableException(DurableErrorCodes.PayloadTooLarge, $"{what}: {json.Length:N0} bytes of JSON; at most {serializer.MaxBytes:N0} are stored. Store the content elsewhere and pass its key, or raise DurableOptions.MaxPayloadBytes.");

    // The limit is about what users give; our own document around it may have a little more.
    private const int Envelope = 4_096;
}
