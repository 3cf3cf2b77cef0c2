// Waits and limits: only those of the injected TimeProvider are recorded.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6004, DUR6005, DUR6006, DUR6012.</summary>
internal static class TimerRules
{
    private const string UseTime = "the overload with the injected TimeProvider";
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);      // what the timers of the base library can count

    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        var method = call.TargetMethod;
        return method.ContainingType.Name switch
        {
            "Task" when method.Name == "Delay" && method.ContainingType.Is(scope.Known.Task) => Wait(scope, call, "Task.Delay", "DelayAsync"),
            "Task" when method.Name == "WaitAsync" => IsSemaphore(call.Instance) ? Semaphore(scope, call) : Wait(scope, call, "Task.WaitAsync", "WaitUntilAsync with a time"),
            "SemaphoreSlim" when method.Name == "WaitAsync" => Limited(call.Arguments) && Semaphore(scope, call),
            "CancellationTokenSource" when method.Name == "CancelAfter" => CancelAfter(scope, call),
            _ => false,
        };
    }

    public static bool Creation(BodyScope scope, IObjectCreationOperation creation)
    {
        var what = creation.Type?.Name;
        if (what is not ("CancellationTokenSource" or "PeriodicTimer") || creation.Arguments.Length == 0) return false;
        var time = creation.Arguments[0].Value.TimeOf();
        if (creation.Arguments.Argument("TimeProvider") is null)
        {
            if (time?.TotalMilliseconds != -1) scope.Report(CodeRules.RealTimer, creation, "new " + what, UseTime);
        }
        else if (time > Longest)
        {
            scope.Report(CodeRules.LongTimer, creation, "new " + what, "DelayAsync of the context, which has no limit");
        }

        return true;
    }

    private static bool Wait(BodyScope scope, IInvocationOperation call, string what, string longer)
    {
        var limit = call.Arguments.FirstOrDefault(argument => argument.Parameter?.Type.SpecialType == SpecialType.System_Int32 || argument.Parameter?.Type.Name == "TimeSpan");
        if (limit is null) return true;
        var time = limit.Value.TimeOf();
        if (time?.TotalMilliseconds == -1 || time == TimeSpan.Zero) return true;      // no timer is made
        if (time > Longest) scope.Report(CodeRules.LongTimer, call, what, longer + " of the context, which has no limit");
        else if (call.Arguments.Argument("TimeProvider") is null) scope.Report(CodeRules.RealTimer, call, what, UseTime);
        return true;
    }

    private static bool CancelAfter(BodyScope scope, IInvocationOperation call)
    {
        if (call.Arguments[0].Value.TimeOf() is { TotalMilliseconds: -1 }) return true;
        switch (call.Instance.Origin(scope.Blocks))
        {
            case IInvocationOperation { TargetMethod.Name: "CreateLinkedTokenSource" }:
                scope.Report(CodeRules.LinkedTimer, call, "CancelAfter", "a source with a limit, new CancellationTokenSource(limit, time), and link with its token");
                break;
            case IObjectCreationOperation { Type.Name: "CancellationTokenSource" } creation when creation.Arguments.Argument("TimeProvider") is null:
                scope.Report(CodeRules.RealTimer, call, "CancelAfter", "a source made with new CancellationTokenSource(Timeout.InfiniteTimeSpan, time)");
                break;
        }

        return true;
    }

    private static bool Limited(IEnumerable<IArgumentOperation> arguments) =>
        arguments.Any(argument => argument.ArgumentKind != ArgumentKind.DefaultValue && !argument.Value.IsDefault() && argument.Value.TimeOf() is not { TotalMilliseconds: -1 });

    private static bool IsSemaphore(IOperation? instance) => instance?.Bare() is IInvocationOperation { TargetMethod: { Name: "WaitAsync", ContainingType.Name: "SemaphoreSlim" } };

    private static bool Semaphore(BodyScope scope, IInvocationOperation call)
    {
        scope.Report(CodeRules.SemaphoreWait, call, "SemaphoreSlim.WaitAsync", "WaitUntilAsync over a field, which serves its waiters in order");
        return true;
    }
}
