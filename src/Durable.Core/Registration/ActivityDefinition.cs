// One method of a registered activity interface.
using System.Globalization;
using System.Reflection;
using Durable.CompilerServices;
using Durable.Engine.History;

namespace Durable.Engine.Registration;

/// <summary>An activity as the engine calls and runs it.</summary>
internal sealed class ActivityDefinition
{
    private readonly MethodInvoker? invoker;
    private readonly GeneratedMember? generated;
    private readonly string methodName;

    public ActivityDefinition(Type service, MethodInfo method, string name, CallOptions options)
        : this(service, method.Name, name, options, Parameter.Of(method), Array.FindIndex(method.GetParameters(), p => p.ParameterType == typeof(CancellationToken)), ResultShape.Of(method.ReturnType)) =>
        invoker = MethodInvoker.Create(method);

    public ActivityDefinition(Type service, GeneratedMember member, string name, CallOptions options)
        : this(service, member.Name, name, options, member.Parameters, member.TokenAt, member.Shape!) => generated = member;

    private ActivityDefinition(Type service, string methodName, string name, CallOptions options, Parameter[] parameters, int tokenAt, ResultShape result)
    {
        this.methodName = methodName;
        Service = service;
        Name = name;
        NameJson = CommandBuffer.Quote(name);
        Options = options;
        Parameters = parameters;
        ParameterTypes = [.. Parameters.Select(p => p.Type)];
        TokenAt = tokenAt;
        Result = result;
        ResultText = $"Result of {name}";
        CallText = $"Call of {name}";
    }

    /// <summary>The interface whose implementation is resolved from DI for each attempt.</summary>
    public Type Service { get; }

    /// <summary>Stored name.</summary>
    public string Name { get; }

    /// <summary>The name as JSON.</summary>
    public byte[] NameJson { get; }

    /// <summary>Options of method and interface over the defaults.</summary>
    public CallOptions Options { get; }

    /// <summary>Its stored parameters.</summary>
    public Parameter[] Parameters { get; }

    /// <summary>Their types.</summary>
    public Type[] ParameterTypes { get; }

    /// <summary>Position of a CancellationToken parameter, or -1.</summary>
    public int TokenAt { get; }

    /// <summary>What it gives.</summary>
    public ResultShape Result { get; }

    /// <summary>What its result is called in errors.</summary>
    public string ResultText { get; }

    /// <summary>What its call is called in errors.</summary>
    public string CallText { get; }

    /// <summary>Calls the implementation.</summary>
    public Task Invoke(object implementation, object?[] arguments, CancellationToken cancellationToken)
    {
        object? task;
        if (generated is not null)
        {
            task = generated.Invoke(implementation, arguments, cancellationToken);
        }
        else
        {
            var all = TokenAt < 0 ? arguments : [.. arguments[..TokenAt], cancellationToken, .. arguments[TokenAt..]];
            task = invoker!.Invoke(implementation, all.AsSpan());
        }

        return (Task?)task ?? throw new InvalidOperationException($"{Service.Name}.{methodName} returned null where a Task is expected.");
    }

    /// <summary>The options of one call: the call over the method over the interface over the defaults.</summary>
    public CallOptions With(ActivityOptions? call)
    {
        if (call is null) return Options;
        var retry = call.Retry;
        return Options with
        {
            StartToClose = call.StartToClose ?? Options.StartToClose,
            ScheduleToClose = call.ScheduleToClose ?? Options.ScheduleToClose,
            Heartbeat = call.Heartbeat ?? Options.Heartbeat,
            Queue = call.Queue ?? Options.Queue,
            Priority = call.Priority ?? Options.Priority,
            MaxResultBytes = call.MaxResultBytes ?? Options.MaxResultBytes,
            AtMostOnce = call.AtMostOnce || Options.AtMostOnce,
            MaxAttempts = retry?.MaxAttempts ?? Options.MaxAttempts,
            InitialDelay = retry?.InitialDelay ?? Options.InitialDelay,
            BackoffFactor = retry?.BackoffFactor ?? Options.BackoffFactor,
            MaxDelay = retry?.MaxDelay ?? Options.MaxDelay,
            NonRetryable = retry is null ? Options.NonRetryable : NamesOf(retry.NonRetryable),
        };
    }

    /// <summary>Options that attributes give.</summary>
    public static CallOptions ReadOptions(Type service, ActivityAttribute? ofService, string method, ActivityAttribute? ofMethod, List<string> faults) =>
        Apply(Apply(CallOptions.Default, ofService, service.Name, faults), ofMethod, $"{service.Name}.{method}", faults);

    /// <summary>Checks options of a call; null when they are fine.</summary>
    public static string? Fault(CallOptions options)
    {
        if (options.StartToClose <= TimeSpan.Zero) return "StartToClose must be positive";
        if (options.ScheduleToClose <= TimeSpan.Zero) return "ScheduleToClose must be positive";
        if (options.Heartbeat is { } beat && (beat <= TimeSpan.Zero || beat > options.StartToClose)) return "Heartbeat must be positive and at most StartToClose";
        if (options.MaxAttempts < 0) return "MaxAttempts must not be negative (0 = no limit)";
        if (options.InitialDelay < TimeSpan.Zero || options.MaxDelay < options.InitialDelay) return "InitialDelay must not be negative nor above MaxDelay";
        if (!(options.BackoffFactor >= 1) || double.IsInfinity(options.BackoffFactor)) return "BackoffFactor must be a number of at least 1";
        if (options.StartToClose > TimeSpan.FromDays(3650) || options.ScheduleToClose > TimeSpan.FromDays(3650) || options.MaxDelay > TimeSpan.FromDays(3650)) return "times must be below ten years";
        return options.Queue.Length == 0 || Names.Fault(options.Queue) is null ? null : "Queue must be a name of at most 200 characters";
    }

    /// <summary>Full names of exception types, or null for none.</summary>
    public static IReadOnlyList<string>? NamesOf(IReadOnlyList<Type>? types) => types is { Count: > 0 } ? [.. types.Select(t => t.FullName ?? t.Name)] : null;

    private static CallOptions Apply(CallOptions options, ActivityAttribute? attribute, string where, List<string> faults)
    {
        if (attribute is null) return options;
        var applied = options with
        {
            StartToClose = Time(attribute.StartToClose, nameof(attribute.StartToClose)) ?? options.StartToClose,
            ScheduleToClose = Time(attribute.ScheduleToClose, nameof(attribute.ScheduleToClose)) ?? options.ScheduleToClose,
            Heartbeat = Time(attribute.Heartbeat, nameof(attribute.Heartbeat)) ?? options.Heartbeat,
            MaxAttempts = attribute.MaxAttempts != 0 ? attribute.MaxAttempts : options.MaxAttempts,
            NonRetryable = NamesOf(attribute.NonRetryable) ?? options.NonRetryable,
            Queue = attribute.Queue ?? options.Queue,
        };
        if (Fault(applied) is { } fault) faults.Add($"[Activity] on {where}: {fault}.");
        return applied;

        TimeSpan? Time(string? text, string member)
        {
            if (text is null) return null;
            if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time)) return time;
            faults.Add($"[Activity] on {where}: {member} = \"{text}\" is not a time. Write it as \"hh:mm:ss\".");
            return null;
        }
    }
}
