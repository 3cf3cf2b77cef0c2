namespace Durable;

/// <summary>The validator of an update refused it (<see cref="DurableErrorCodes.UpdateRejected"/>, DUR2004), and nothing was recorded; or it was accepted and
/// its method threw (<see cref="DurableErrorCodes.UpdateFailed"/>, DUR2011). In HTTP terms 422.</summary>
public sealed class UpdateRejectedException : DurableException
{
    /// <summary>A refused or failed update.</summary>
    /// <param name="failure">What the validator or the method threw.</param>
    /// <param name="code">The code. Default <see cref="DurableErrorCodes.UpdateRejected"/>.</param>
    public UpdateRejectedException(Failure failure, string code = DurableErrorCodes.UpdateRejected)
        : base(code, MessageOf(failure, code)) => Failure = failure;

    /// <summary>What the validator or the method threw; its message is meant for the caller.</summary>
    public Failure Failure { get; }

    private static string MessageOf(Failure failure, string code)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return code == DurableErrorCodes.UpdateFailed ? $"The update was accepted and failed: {failure.Type}: {failure.Message}" : $"The update was refused by its validator: {failure.Message}";
    }
}
