// The activities of all workloads: they do nothing, so that what is measured is the engine.
namespace Durable.Bench;

/// <summary>No-op activities.</summary>
public interface IEcho
{
    /// <summary>Gives back what it was given.</summary>
    Task<string> EchoAsync(string text);

    /// <summary>Gives back a record of three fields.</summary>
    Task<Parcel> PackAsync(Parcel parcel);

    /// <summary>Ends when the process does.</summary>
    Task<string> HangAsync(string text);
}

/// <summary>A small record, as users have them.</summary>
/// <param name="Id">A number.</param>
/// <param name="Name">A text.</param>
/// <param name="Weight">A decimal.</param>
public sealed record Parcel(int Id, string Name, decimal Weight);

/// <summary>One instance for all attempts.</summary>
internal sealed class Echo : IEcho
{
    private int hanging;

    /// <summary>Set in the process that goes on after a crash: then nothing hangs.</summary>
    public bool LetsGo { get; init; }

    /// <summary>Attempts that hang.</summary>
    public int Hanging => Volatile.Read(ref hanging);

    public Task<string> EchoAsync(string text)
    {
        StepClock.Tick();
        return Task.FromResult(text);
    }

    public Task<Parcel> PackAsync(Parcel parcel) => Task.FromResult(parcel);

    public Task<string> HangAsync(string text)
    {
        if (LetsGo) return Task.FromResult(text);
        Interlocked.Increment(ref hanging);
        return new TaskCompletionSource<string>().Task;
    }
}
