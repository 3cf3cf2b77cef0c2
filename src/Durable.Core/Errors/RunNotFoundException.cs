namespace Durable;

/// <summary>There is no such run in the namespace (<see cref="DurableErrorCodes.RunNotFound"/>, DUR2001). In HTTP terms 404.</summary>
public sealed class RunNotFoundException : DurableException
{
    /// <summary>A run that is not there.</summary>
    /// <param name="message">Which run was looked for, and where.</param>
    /// <param name="inner">What caused it, or null.</param>
    public RunNotFoundException(string message, Exception? inner = null) : base(DurableErrorCodes.RunNotFound, message, inner)
    {
    }
}
