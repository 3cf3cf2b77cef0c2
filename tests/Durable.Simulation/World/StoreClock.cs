// The store's clock: all rules about time are by it. It may step back (a failover), never on its own.
namespace Durable.Simulation;

/// <summary>Time of the database.</summary>
internal sealed class StoreClock(World world) : TimeProvider
{
    /// <summary>How far it is off.</summary>
    public TimeSpan Offset { get; set; }

    /// <summary>The latest time that it has ever shown: nothing may happen before its due time by this.</summary>
    public DateTimeOffset Latest { get; private set; }

    public override DateTimeOffset GetUtcNow()
    {
        var now = SimClock.Epoch + TimeSpan.FromTicks(world.Now) + Offset;
        if (now > Latest) Latest = now;
        return now;
    }

    public override long GetTimestamp() => world.Now;
}
