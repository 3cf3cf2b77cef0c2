// Copies of batches: a request on its way does not change when the sender goes on with its object.
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Copies batches and rows.</summary>
internal static class Batches
{
    public static LaneBatch Copy(LaneBatch batch, long? epoch = null, long? commitSeq = null)
    {
        var copy = new LaneBatch { Lane = batch.Lane, Epoch = epoch ?? batch.Epoch, CommitSeq = commitSeq ?? batch.CommitSeq, Lease = batch.Lease };
        copy.Starts.AddRange(batch.Starts);
        copy.Events.AddRange(batch.Events);
        copy.Consumed.AddRange(batch.Consumed);
        copy.Parks.AddRange(batch.Parks);
        copy.Closes.AddRange(batch.Closes);
        copy.Updates.AddRange(batch.Updates);
        copy.Sends.AddRange(batch.Sends);
        copy.Outgoing.AddRange(batch.Outgoing);
        copy.Forwarded.AddRange(batch.Forwarded);
        copy.Children.AddRange(batch.Children);
        copy.Tasks.AddRange(batch.Tasks);
        copy.TaskDeletes.AddRange(batch.TaskDeletes);
        copy.Claims.AddRange(batch.Claims);
        copy.Documents.AddRange(batch.Documents);
        copy.Trims.AddRange(batch.Trims);
        return copy;
    }
}
