// Commits cut off on the wire: the client cannot know whether they counted.
namespace Durable.Chaos.Faults;

/// <summary>Arms the proxy again and again.</summary>
internal sealed class CutFault(CutProxy proxy) : Fault("cut")
{
    private readonly int[] places = new int[3];
    private int lanes;

    public override string Details => $"before the server {places[0]}, during {places[1]}, after its commit {places[2]}; of lanes {lanes}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        proxy.Cut = (place, isLane) =>
        {
            Bit();
            Interlocked.Increment(ref places[(int)place]);
            if (isLane) Interlocked.Increment(ref lanes);
        };
        while (await PauseAsync(random.Next(100, 500), stop))
        {
            Tried();
            proxy.Arm(random.Next(6) switch { 0 => CutPlace.Before, < 3 => CutPlace.During, _ => CutPlace.After }, lanes: random.Next(3) > 0);
        }

        proxy.Disarm();
    }
}
