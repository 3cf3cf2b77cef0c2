// Who runs a continuation: the run's own context, or the thread pool.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6007, DUR6008, DUR6011 where the answer depends on arguments.</summary>
internal static class SchedulerRules
{
    private const int ExecuteSynchronously = 0x80000;

    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        var method = call.TargetMethod;
        switch (method.Name)
        {
            case "StartNew" when method.ContainingType.Name == "TaskFactory":
                if (!OwnScheduler(scope, call)) scope.Report(CodeRules.OtherScheduler, call, "TaskFactory.StartNew", "an activity or a step; async code is called directly");
                return true;
            case "ContinueWith" when method.ContainingType.IsTask(scope.Known):
                if (!OwnScheduler(scope, call) && !Synchronous(call)) scope.Report(CodeRules.OtherScheduler, call, "Task.ContinueWith", "await");
                return true;
            case "ForEachAsync" when method.ContainingType is { Name: "Parallel", ContainingNamespace.Name: "Tasks" }:
                if (!HasScheduler(scope, call)) scope.Report(CodeRules.OtherThread, call, "Parallel.ForEachAsync", "the context's ForEachAsync");
                return true;
            case "ReadAllAsync" when method.ContainingType.Name == "ChannelReader":
                if (!Allowed(scope)) scope.Report(CodeRules.ReadAll, call, "ReadAllAsync", "WaitToReadAsync and TryRead, or AllowSynchronousContinuations = true");
                return true;
            default:
                return false;
        }
    }

    // Any scheduler but the default one was chosen on purpose; FromCurrentSynchronizationContext is the one that works.
    private static bool OwnScheduler(BodyScope scope, IInvocationOperation call) =>
        call.Arguments.Argument("TaskScheduler") is { } scheduler && scheduler.Value.Origin(scope.Blocks) is not IPropertyReferenceOperation { Property.Name: "Default" };

    private static bool Synchronous(IInvocationOperation call) =>
        call.Arguments.Argument("TaskContinuationOptions")?.Value.Bare().ConstantValue is { HasValue: true, Value: int options } && (options & ExecuteSynchronously) != 0;

    private static bool HasScheduler(BodyScope scope, IInvocationOperation call) => call.Arguments.Argument("ParallelOptions")?.Value.Origin(scope.Blocks) switch
    {
        IObjectCreationOperation creation => creation.Initializer?.Initializers.Any(set => set is ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Property.Name: "TaskScheduler" } }) == true,
        null => false,
        _ => true,
    };

    // The channel may be made anywhere in the class: if the class says it anywhere, it is believed.
    private static bool Allowed(BodyScope scope)
    {
        foreach (var reference in (scope.Owner.ContainingType ?? scope.Owner).DeclaringSyntaxReferences)
            foreach (var assignment in reference.GetSyntax().DescendantNodes().OfType<AssignmentExpressionSyntax>())
                if (assignment.Left is IdentifierNameSyntax { Identifier.ValueText: "AllowSynchronousContinuations" }) return true;
        return false;
    }
}
