namespace Durable;

/// <summary>Names an activity and sets its options, on a method of an activity interface or on the whole interface. Optional.</summary>
/// <remarks>
/// Order, strongest first: the call (<see cref="WorkflowContext.With"/>), the method's attribute, the interface's attribute, the default; what is null (0 for
/// <see cref="MaxAttempts"/>) falls through. Text that is not a duration, or a number out of range, fails the
/// start of the host with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// </remarks>
/// <param name="name">
/// The stored name: on an interface the part before the dot, on a method the part after it. Null derives <c>Payments.Charge</c> from <c>IPayments.ChargeAsync</c>.
/// </param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Interface | AttributeTargets.Class, AllowMultiple = false, Inherited = true)]
public sealed class ActivityAttribute(string? name = null) : Attribute
{
    /// <summary>The pinned part of the stored name; null derives it from C#.</summary>
    public string? Name { get; } = name;

    /// <summary>How long one attempt may take, as <c>"00:05:00"</c> (hours, minutes, seconds). Default null: 5 minutes.</summary>
    public string? StartToClose { get; set; }

    /// <summary>How long all attempts and the waits between them may take, as <c>"1.00:00:00"</c>. Default null: no limit.</summary>
    public string? ScheduleToClose { get; set; }

    /// <summary>The longest silence between two heartbeats, as <c>"00:00:30"</c>. Default null: no heartbeat is expected.</summary>
    public string? Heartbeat { get; set; }

    /// <summary>How often to try at most. Default 0: falls through, in the end to "without end".</summary>
    public int MaxAttempts { get; set; }

    /// <summary>Exception types, derived ones included, that are not worth another attempt. Default null: falls through.</summary>
    public Type[]? NonRetryable { get; set; }

    /// <summary>The queue whose workers run the activity. Default null: the process that owns the run.</summary>
    public string? Queue { get; set; }
}
