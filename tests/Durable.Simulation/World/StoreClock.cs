// The store's clock: all rules about time are by it. It may step back (a failover), never on its own.
namespace Durable.Simulation;

/// <summary>Time of the database.</summary>
internal sealed class StoreClock(World world) : TimeProvider
{
    /// <summary>How far it is off.</summary>
    public TimeSpan Offset { get; set; }

    /// <summary>A moment that it stands at while a failover writes the past again.</summary>
    public long? Pinned { get; set; }

    /// <summary>What it would show if it had never stepped back: nothing may happen before its due time by this.</summary>
    public DateTimeOffset Latest => SimClock.Epoch + TimeSpan.FromTicks(Pinned ?? world.Now);

    public override DateTimeOffset GetUtcNow() => Latest + Offset;

    public override long GetTimestamp() => world.Now;
}
