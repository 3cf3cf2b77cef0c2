// What a failed check of the kit throws: every test framework reports an exception as a failure.
namespace Durable.Testing;

/// <summary>A check of the test kit failed: strict replay found a difference, a history is not as expected, or a run that is awaited cannot go on.</summary>
/// <remarks>The message says what was found, where in your source if that is known, and what to do. <see cref="DurableException.Code"/> is that of the cause, for example DUR4001.</remarks>
public sealed class WorkflowTestException : DurableException
{
    /// <summary>Makes one.</summary>
    /// <param name="code">The code of the cause.</param>
    /// <param name="message">What was found and what to do.</param>
    /// <param name="inner">What it came from, or null.</param>
    public WorkflowTestException(string code, string message, Exception? inner = null) : base(code, message, inner)
    {
    }

    /// <summary>The line of your code at which the first difference was found, or null.</summary>
    public string? SourceLine { get; init; }
}
