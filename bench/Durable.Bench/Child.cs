// What a second process of a workload does: it is this program again, told by its first argument.
namespace Durable.Bench;

/// <summary>The child's side of workloads that need another process.</summary>
internal static class Child
{
    /// <summary>First argument of a child.</summary>
    public const string Command = "child";
}
