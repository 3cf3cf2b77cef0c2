// One workload: how our side runs it, and what the bare protocol makes of the same rows.
namespace Durable.Bench;

/// <summary>Where and how large.</summary>
/// <param name="Kind">The kind of store.</param>
/// <param name="N">Units of work.</param>
/// <param name="InFlight">Units at once, where a workload can choose.</param>
/// <param name="Profile">Whether to measure phases.</param>
internal sealed record Setting(StoreKind Kind, int N, int InFlight, bool Profile);

/// <summary>Something to measure.</summary>
internal abstract class Workload
{
    /// <summary>W1, W2, …</summary>
    public abstract string Name { get; }

    /// <summary>One line for the table.</summary>
    public abstract string Title { get; }

    /// <summary>Unit of the figure.</summary>
    public abstract string Unit { get; }

    /// <summary>Size of a full round, of a short one, of the smoke.</summary>
    public abstract (int Full, int Short, int Smoke) Sizes { get; }

    /// <summary>Rounds that make no sense twice (a crash, a million rows) are done once or so.</summary>
    public virtual int MaxRounds => int.MaxValue;

    /// <summary>False: only where there is a server that several processes share.</summary>
    public virtual bool RunsOn(string store) => true;

    /// <summary>True if there is a raw limit.</summary>
    public virtual bool HasRaw => false;

    /// <summary>Once, before any round.</summary>
    public virtual Task PrepareAsync(Setting setting) => Task.CompletedTask;

    /// <summary>A round of the engine.</summary>
    public abstract Task<Round> OursAsync(Setting setting, Place place);

    /// <summary>A round of a writer that has no engine around it.</summary>
    public virtual Task<Round> RawAsync(Setting setting, IRawWriter writer) => throw new NotSupportedException($"{Name} has no raw limit.");

    /// <summary>Workflows of a round of a peer, which is slower; 0: peers do not run this.</summary>
    public virtual int PeerSize => 0;

    /// <summary>The rows that the raw writer writes.</summary>
    public virtual Template Template => throw new NotSupportedException($"{Name} has no raw limit.");
}
