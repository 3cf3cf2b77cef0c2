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
internal sealed class AttemptContext(in AttemptCall call, IServiceProvider services, PayloadSerializer serializer) : ActivityContext
{
    private readonly IAttempt attempt = call.Attempt;
    private readonly byte[]? details = call.Details;
    private readonly Action<byte[]>? beat = call.Beat;

    public override string IdempotencyKey => attempt.Key;

    public override int Attempt { get; } = call.Number;

    public override WorkflowInfo Workflow { get; } = call.Workflow;

    public override CancellationToken CancellationToken => attempt.Cancellation.Token;

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
