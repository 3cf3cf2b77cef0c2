// How many activities of a queue may run at the same time.
namespace Durable;

/// <summary>The limits of one queue; see <see cref="DurableOptions.QueueLimits"/>. At least one of them is set.</summary>
public sealed class QueueLimit
{
    /// <summary>The most attempts of the queue's activities under way in this process, or null for no limit but <see cref="DurableOptions.MaxConcurrentActivities"/>.</summary>
    public int? PerWorker { get; set; }

    /// <summary>The most attempts of the queue's activities under way in all processes on this database together, at most 1,000, or null for no limit. Give every process the same number.</summary>
    /// <remarks>Each attempt holds a slot, a lease of <see cref="DurableOptions.Lease"/> that is renewed while it runs. A process that dies keeps its slots until then; one that
    /// cannot renew them tells its attempts to stop before the time is over. What goes on in code that ignores its token, or in the moment in which a frozen process wakes up, no database can stop.</remarks>
    public int? Cluster { get; set; }
}
