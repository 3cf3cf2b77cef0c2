namespace Durable.Testing;

/// <summary>One call that a fake received: an attempt of an activity.</summary>
/// <param name="Method">Name of the interface's method.</param>
/// <param name="Arguments">The arguments, decoded from what is stored, as the real activity would get them.</param>
/// <param name="IdempotencyKey">Equal in all attempts of one call of the workflow.</param>
public sealed record FakeCall(string Method, IReadOnlyList<object?> Arguments, string IdempotencyKey)
{
    /// <summary>An argument.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="index">Its place, from 0.</param>
    public T Argument<T>(int index) => (T)Arguments[index]!;
}
