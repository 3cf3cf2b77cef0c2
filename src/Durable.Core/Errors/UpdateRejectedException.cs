namespace Durable;

/// <summary>The validator of an update refused it (<see cref="DurableErrorCodes.UpdateRejected"/>, DUR2004); nothing was recorded. In HTTP terms 422.</summary>
public sealed class UpdateRejectedException : DurableException
{
    /// <summary>A refused update.</summary>
    /// <param name="failure">What the validator threw.</param>
    public UpdateRejectedException(Failure failure)
        : base(DurableErrorCodes.UpdateRejected, MessageOf(failure)) => Failure = failure;

    /// <summary>What the validator threw; its message is meant for the caller.</summary>
    public Failure Failure { get; }

    private static string MessageOf(Failure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return $"The update was refused by its validator: {failure.Message}";
    }
}
