// One call of the store fails: for every call of every canonical workflow, before it takes effect, after it, and with the death of the process.
using System.Text;

namespace Durable.Simulation;

/// <summary>What a trial showed.</summary>
/// <param name="Outcome">Status and result of the run.</param>
/// <param name="Calls">Calls of the worker's process, as far as the failing one at least.</param>
/// <param name="Bitten">True: the call that was to fail came.</param>
/// <param name="Violations">What the invariants found.</param>
internal sealed record Trial(string Outcome, int Calls, bool Bitten, IReadOnlyList<string> Violations);

/// <summary>Runs trials in simulated worlds.</summary>
internal static class Sweep
{
    /// <summary>How a call can fail.</summary>
    public static IReadOnlyList<CallFault> Faults { get; } = [CallFault.LostBefore, CallFault.LostAfter, CallFault.CrashBefore, CallFault.CrashAfter, CallFault.CrashLate];

    /// <summary>One trial; call 0 never comes.</summary>
    public static Trial Run(Canonical story, int call, CallFault fault)
    {
        var database = new SimDatabase { Aim = (call, fault) };
        var result = Simulation.Tell(story, database);
        var outcome = database.EndOf is { } end ? $"{end.Status} {(end.Outcome is { } bytes ? Encoding.UTF8.GetString(bytes) : "")}" : "none";
        return new Trial(outcome, database.Calls, call > 0 && database.Calls >= call, result.Violations);
    }

    /// <summary>All trials of a workflow, each n-th call.</summary>
    /// <returns>How many, and what was wrong.</returns>
    public static (int Trials, List<string> Wrong) All(Canonical story, int stride)
    {
        var wrong = new List<string>();
        var trials = 0;
        var sound = Run(story, 0, CallFault.None);
        if (sound.Violations.Count > 0 || !sound.Outcome.StartsWith("Completed", StringComparison.Ordinal)) return (0, [$"{story} undisturbed: {sound.Outcome} {string.Join("; ", sound.Violations)}"]);
        foreach (var fault in Faults)
        {
            for (var call = 1; ; call += stride)
            {
                var trial = Run(story, call, fault);
                if (!trial.Bitten || call > sound.Calls) break;
                trials++;
                if (trial.Outcome != sound.Outcome || trial.Violations.Count > 0) wrong.Add($"{story}, call {call} {fault}: {trial.Outcome} {string.Join("; ", trial.Violations)}");
            }
        }

        return (trials, wrong);
    }
}
