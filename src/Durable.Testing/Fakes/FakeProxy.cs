// The object that stands in for an activity class during one attempt.
using System.ComponentModel;
using System.Reflection;

namespace Durable.Testing;

/// <summary>Made by <see cref="ActivityFake{TActivities}"/>; not for direct use.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public class FakeProxy : DispatchProxy
{
    internal Func<MethodInfo, object?[], object?> Answer { get; set; } = null!;

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Answer(targetMethod!, args ?? []);
}
