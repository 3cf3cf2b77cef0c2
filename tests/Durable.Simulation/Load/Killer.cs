// A run that ends its host whenever it runs: the worker's process is told to die in the middle of the turn.
namespace Durable.Simulation;

/// <summary>Who dies when a killer strikes. One world per thread.</summary>
internal static class Killer
{
    [ThreadStatic] private static Action<Guid>? onStrike;

    public static void Arm(Action<Guid>? action) => onStrike = action;

    public static void Strike(Guid run) => onStrike?.Invoke(run);
}
