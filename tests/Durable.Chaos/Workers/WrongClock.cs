// A clock that is off by a constant, as on a machine whose administrator trusts nobody's time but his own.
namespace Durable.Chaos.Workers;

/// <summary>The system's clock and an offset.</summary>
internal sealed class WrongClock(TimeSpan offset) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + offset;
}
