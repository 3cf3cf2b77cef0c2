// The workflow classes of the frozen histories. Never change one: add another.
namespace Durable.Core.Tests.Replay;

internal static class FrozenWorkflows
{
    public static IReadOnlyList<Type> All { get; } = [];
}
