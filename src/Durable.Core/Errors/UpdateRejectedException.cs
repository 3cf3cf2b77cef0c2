namespace Durable;

/// <summary>The validator of an update refused it (<see cref="DurableErrorCodes.UpdateRejected"/>, DUR2004); nothing was recorded. In HTTP terms 422.</summary>
public sealed class UpdateRejectedException : DurableException
{
    /// <summary>A refused update.</summary>
    /// <param name="failure">What the validator threw.</param>
    public UpdateRejectedException(Failure failure)
        : base(DurableErrorCodes.UpdateRejected, $"The update was refused by its validator: {(failure ?? throw new ArgumentNullException(nameof(failure))).Message}") => Failure = failure;

    /// <summary>What the validator threw; its message is meant for the caller.</summary>
    public Failure Failure { get; }
}
