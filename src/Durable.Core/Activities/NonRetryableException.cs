namespace Durable;

/// <summary>Thrown by an activity or step to say that another attempt would end the same way. The activity fails at once, whatever its retry policy says.</summary>
/// <remarks>Workflow code sees <see cref="ActivityFailedException"/> (DUR3101) with this exception as its
/// <see cref="ActivityFailedException.Failure"/>. Derive from it for failures of your own.</remarks>
public class NonRetryableException : Exception
{
    /// <summary>A failure that is final.</summary>
    /// <param name="message">What is wrong; it is stored in the history.</param>
    /// <param name="innerException">What caused it, or null.</param>
    public NonRetryableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
