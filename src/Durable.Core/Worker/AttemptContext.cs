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
internal sealed class AttemptContext(AttemptCall call, IServiceProvider services, PayloadSerializer serializer) : ActivityContext
{
    public override string IdempotencyKey => call.Attempt.Key;

    public override int Attempt => call.Number;

    public override WorkflowInfo Workflow => call.Workflow;

    public override CancellationToken CancellationToken => call.Attempt.Cancellation.Token;

    public override T Service<T>() => services.GetRequiredService<T>();

    public override void Heartbeat<T>(T value) => call.Beat?.Invoke(serializer.Encode(value, "Heartbeat details"));

    public override bool TryGetHeartbeat<T>([MaybeNullWhen(false)] out T? value) where T : default
    {
        value = default;
        if (call.Details is not { } details) return false;
        value = serializer.Decode<T>(details, "Heartbeat details");
        return true;
    }
}
