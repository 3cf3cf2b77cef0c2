// A clock that stands still until a test moves it: for stores that take their clock from outside.
namespace Durable.Storage.Contract;

/// <summary>A manual clock; it can be set back, too.</summary>
public sealed class ManualClock : TimeProvider
{
    private long ticks = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(678_901).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
