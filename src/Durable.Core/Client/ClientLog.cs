// Log lines of the client. No line holds a payload.
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Client;

/// <summary>Event ids 401 to 499 are the client's and never change.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(401, LogLevel.Warning, "Still waiting for run '{WorkflowId}' ({RunId}), and it does not move: {Explanation}")]
    public static partial void WaitingOnStuckRun(ILogger logger, string workflowId, Guid runId, string explanation);

    [LoggerMessage(402, LogLevel.Information, "A delivery is repeated (try {Tries}): the connection broke during the commit.")]
    public static partial void DeliveryRepeated(ILogger logger, int tries);

    [LoggerMessage(403, LogLevel.Debug, "Could not find out whether an awaited run is stuck.")]
    public static partial void ExplanationFailed(ILogger logger, Exception error);
}
