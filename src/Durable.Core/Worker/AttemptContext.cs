// The ActivityContext of one attempt, as a scoped service.
using System.Diagnostics.CodeAnalysis;
using Durable.Engine.Registration;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Engine.Worker;

/// <summary>Holds the context of the scope's attempt.</summary>
internal sealed class AttemptScope
{
    /// <summary>The context, or null outside an attempt.</summary>
    public ActivityContext? Context { get; set; }
}

/// <summary>What an attempt may know and say.</summary>
internal sealed class AttemptContext(string key, int attempt, WorkflowInfo workflow, Func<CancellationToken> token, IServiceProvider services, PayloadSerializer serializer, byte[]? details, Action<byte[]>? beat) : ActivityContext
{
    public override string IdempotencyKey => key;

    public override int Attempt => attempt;

    public override WorkflowInfo Workflow => workflow;

    public override CancellationToken CancellationToken => token();

    public override T Service<T>() => services.GetRequiredService<T>();

    public override void Heartbeat<T>(T value) => beat?.Invoke(serializer.Encode(value, "Heartbeat details"));

    public override bool TryGetHeartbeat<T>([MaybeNullWhen(false)] out T? value) where T : default
    {
        value = default;
        if (details is null) return false;
        value = serializer.Decode<T>(details, "Heartbeat details");
        return true;
    }
}
