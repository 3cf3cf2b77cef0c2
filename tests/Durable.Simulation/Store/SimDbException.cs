// What a driver would have thrown: worlds with several servers tell one that is away from one that refuses a row by it, as the engine does.
using System.Data.Common;

namespace Durable.Simulation;

/// <summary>A failure of the simulated driver.</summary>
internal sealed class SimDbException(string? sqlState, bool isTransient) : DbException("simulated")
{
    /// <summary>The way to the server is broken.</summary>
    public static SimDbException Broken { get; } = new(null, true);

    /// <summary>The row breaks a constraint.</summary>
    public static SimDbException Constraint { get; } = new("23514", false);

    public override string? SqlState => sqlState;

    public override bool IsTransient => isTransient;
}
