namespace Durable.Testing;

/// <summary>What <see cref="CrashEverywhere"/> has done. There is one only if every case gave the same result and kept the invariants.</summary>
/// <param name="Commits">Commits of the undisturbed run: the places at which something was done to it.</param>
/// <param name="Cases">The cases, by the name that <see cref="CrashOptions.Only"/> takes, whose fault took place.</param>
public sealed record CrashReport(int Commits, IReadOnlyList<string> Cases);
