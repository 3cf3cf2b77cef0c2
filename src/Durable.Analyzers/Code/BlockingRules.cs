// Waits that block the thread, except on tasks that are known to have ended.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6013 on tasks.</summary>
internal static class BlockingRules
{
    public static bool Property(BodyScope scope, IPropertyReferenceOperation property)
    {
        if (property.Property.Name != "Result" || !(property.Property.ContainingType.IsTask(scope.Known) || property.Property.ContainingType.Name == "ValueTask")) return false;
        if (property.Instance is { } task && !HasEnded(scope, task)) scope.Report(CodeRules.Blocking, property, "Task.Result", "await");
        return true;
    }

    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        switch (call.TargetMethod.Name)
        {
            case "GetResult" when call.Instance?.Bare() is IInvocationOperation { TargetMethod.Name: "GetAwaiter", Instance: { } task } && IsTask(scope, task):
                if (!HasEnded(scope, Unconfigured(task))) scope.Report(CodeRules.Blocking, call, "GetAwaiter().GetResult()", "await");
                return true;
            case "Wait" when call.Instance is { } task && call.TargetMethod.ContainingType.Is(scope.Known.Task):
                if (!HasEnded(scope, task)) scope.Report(CodeRules.Blocking, call, "Task.Wait", "await");
                return true;
            default:
                return false;
        }
    }

    private static bool IsTask(BodyScope scope, IOperation task) => task.Type.IsTask(scope.Known) || task.Type?.Name is "ValueTask" or "ConfiguredTaskAwaitable" or "ConfiguredValueTaskAwaitable";

    private static IOperation Unconfigured(IOperation task) => task.Bare() is IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Instance: { } inner } ? inner : task;

    // Reading the result of a task that was awaited before is no wait. Where the text leaves a doubt, nothing is said.
    private static bool HasEnded(BodyScope scope, IOperation task)
    {
        var named = task.Named();
        var at = task.Syntax.SpanStart;
        if (task.Bare() is IAwaitOperation || named is null && task.Bare() is not IInvocationOperation) return task.Bare() is not IPropertyReferenceOperation;
        if (task.Bare() is IInvocationOperation made) return made.TargetMethod.Name is "FromResult" or "FromException" or "FromCanceled";
        foreach (var earlier in scope.Awaits)
            if (earlier.Syntax.SpanStart < at && (Gathers(earlier) || earlier.Mentions(named!))) return true;
        for (var parent = task.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent is IConditionalOperation { Condition: { } condition } && Asks(condition, named!)) return true;
            if (parent is IBinaryOperation both && Asks(both, named!)) return true;
            if (parent is IForEachLoopOperation { IsAsynchronous: true }) return true;
            if (parent is IInvocationOperation { TargetMethod.Name: "ContinueWith" }) return true;
        }

        return false;
    }

    private static bool Gathers(IAwaitOperation awaited) => awaited.Descendants().Any(inner => inner is IInvocationOperation { TargetMethod.Name: "WhenAll" or "WhenAny" or "WhenEachAsync" });

    private static bool Asks(IOperation condition, ISymbol task) => condition.DescendantsAndSelf().Any(inner =>
        inner is IPropertyReferenceOperation { Property.Name: "IsCompleted" or "IsCompletedSuccessfully" or "IsFaulted" or "IsCanceled" or "Status", Instance: { } asked } && SymbolEqualityComparer.Default.Equals(asked.Named(), task));
}
