namespace Durable;

/// <summary>Base of all exceptions that the library throws, and itself the one for configuration, requests and the store.</summary>
/// <remarks>Catch by type to decide, show <see cref="Code"/> to search: every code is a constant of <see cref="DurableErrorCodes"/> with cause and fix.</remarks>
public class DurableException : Exception
{
    /// <summary>An error with a code.</summary>
    /// <param name="code">A constant of <see cref="DurableErrorCodes"/>.</param>
    /// <param name="message">What is wrong and what to do. The code and a colon are put before it, unless it begins with them.</param>
    /// <param name="inner">What caused it, or null.</param>
    public DurableException(string code, string message, Exception? inner = null) : base(Prefixed(code, message), inner) => Code = code;

    /// <summary>The stable code, such as <c>DUR2001</c>.</summary>
    public string Code { get; }

    private static string Prefixed(string code, string message)
    {
        ArgumentException.ThrowIfNullOrEmpty(code);
        ArgumentNullException.ThrowIfNull(message);
        return message.StartsWith(code + ":", StringComparison.Ordinal) ? message : $"{code}: {message}";
    }
}
