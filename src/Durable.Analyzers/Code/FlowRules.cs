// What depends on where in a body something stands: after ConfigureAwait(false), in an endless loop, in a try.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6021, DUR6022, DUR6024 to DUR6029.</summary>
internal sealed class FlowRules(BodyScope scope)
{
    private const int ContinueOnCapturedContext = 1;
    private const int ForceYielding = 4;

    /// <summary>True after an await with ConfigureAwait(false) in the function that is walked.</summary>
    public bool Lost { get; set; }

    /// <summary>An await, after what stands in it.</summary>
    public void Awaited(IAwaitOperation await)
    {
        if (await.Operation.Bare() is not IInvocationOperation { TargetMethod: { Name: "ConfigureAwait" } method, Instance: { } task } configured || configured.Arguments.Length != 1) return;
        if (method.ContainingType.Name is not ("Task" or "ValueTask")) return;
        var argument = configured.Arguments[0].Value.Bare().ConstantValue;
        if (argument is { HasValue: true, Value: false }) LeavesContext(configured, task);
        if (argument is not { HasValue: true, Value: int options }) return;
        if ((options & ContinueOnCapturedContext) != 0) return;
        if ((options & ForceYielding) != 0) scope.Report(CodeRules.LostContext, configured, "ConfigureAwait(ForceYielding)", "ForceYielding | ContinueOnCapturedContext");
        else LeavesContext(configured, task);
    }

    /// <summary>A call, in the order of the text.</summary>
    public void Invocation(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.ReturnsVoid && method.IsAsync && Lost) scope.Report(CodeRules.AsyncVoidLost, call, method.Name, "async Task, and an await without ConfigureAwait(false)");
        if (Lost && (method.Name == "Yield" && method.ContainingType.Is(scope.Known.Task) || method is { Name: "WaitAsync", ContainingType.Name: "SemaphoreSlim" }))
            scope.Report(CodeRules.LostContext, call, method.Display(), "awaits without ConfigureAwait(false) before it");
        if (method.Name == "WhenAny" && method.ContainingType.Is(scope.Known.Task)) Limits(call);
    }

    public static void Loop(BodyScope scope, IOperation loop, IOperation? condition, IOperation body)
    {
        if (condition is not null && condition.ConstantValue is not { HasValue: true, Value: true }) return;
        foreach (var inner in body.Descendants())
            if (inner is IAwaitOperation or IReturnOperation or IThrowOperation or IBranchOperation { BranchKind: BranchKind.Break or BranchKind.GoTo } or IForEachLoopOperation { IsAsynchronous: true } or IUsingOperation { IsAsynchronous: true }) return;
        scope.Report(CodeRules.EndlessLoop, loop.Syntax.GetFirstToken().GetLocation(), "The loop", "an await of something durable in it");
    }

    public static void Try(BodyScope scope, ITryOperation attempt)
    {
        foreach (var handler in attempt.Catches)
        {
            if (handler.ExceptionType.Name is not ("OperationCanceledException" or "TaskCanceledException") || handler.Filter is not null || handler.Handler.Operations.Length > 0) continue;
            // A wait that the code itself can cancel ends that way on purpose.
            if (attempt.Body.Descendants().Any(inner => inner is IArgumentOperation { ArgumentKind: not ArgumentKind.DefaultValue } argument && argument.Parameter?.Type.Is(scope.Known.CancellationToken) == true)) continue;
            if (!attempt.Body.Descendants().Any(inner => inner is IAwaitOperation)) continue;
            scope.Report(CodeRules.SwallowedCancel, handler.Syntax.GetFirstToken().GetLocation(), handler.ExceptionType.Name, "throw after the clean-up, or a filter");
        }
    }

    public static void Forgotten(BodyScope scope, IExpressionStatementOperation statement)
    {
        if (statement.Operation.Bare() is IInvocationOperation call && call.Type.IsTask(scope.Known)) scope.Report(CodeRules.ForgottenTask, call, call.TargetMethod.Name, "await, or _ = to forget it on purpose");
    }

    public static void Undisposed(BodyScope scope, IVariableDeclaratorOperation declarator)
    {
        if (declarator.Initializer?.Value.Bare() is not IObjectCreationOperation { Type.Name: "CancellationTokenSource" or "PeriodicTimer" } made || made.Arguments.Argument("TimeProvider") is null) return;
        if (made.Arguments[0].Value.TimeOf() is { TotalMilliseconds: -1 }) return;
        for (IOperation? parent = declarator; parent is not null; parent = parent.Parent) if (parent is IUsingOperation or IUsingDeclarationOperation) return;
        foreach (var block in scope.Blocks)
            foreach (var inner in block.Descendants())
            {
                if (inner is IInvocationOperation { TargetMethod.Name: "Dispose" } end && SymbolEqualityComparer.Default.Equals(end.Instance.Named(), declarator.Symbol)) return;
                if (inner is IReturnOperation or IArgumentOperation or ISimpleAssignmentOperation or IUsingOperation && inner.ChildOperations.Any(child => SymbolEqualityComparer.Default.Equals(child.Named(), declarator.Symbol))) return;
            }

        scope.Report(CodeRules.Undisposed, made, made.Type!.Name, "using");
    }

    private void LeavesContext(IInvocationOperation configured, IOperation task)
    {
        Lost = true;
        if (task.Bare() is IPropertyReferenceOperation { Property: { Name: "Task", ContainingType.Name: "TaskCompletionSource" } })
            scope.Report(CodeRules.LostContext, configured, "A TaskCompletionSource that is awaited with ConfigureAwait(false)", "a plain await");
        else if (scope.Workflows.IsWorkflow(scope.Owner.ContainingType))
            scope.Report(CodeRules.NoContext, configured, "ConfigureAwait(false)", "a plain await");
    }

    // WhenAny(work, delay): the delay that lost stays.
    private void Limits(IInvocationOperation call)
    {
        foreach (var inner in call.Arguments.SelectMany(argument => argument.Value.DescendantsAndSelf()))
            if (inner is IInvocationOperation { TargetMethod: { Name: "Delay" or "DelayAsync" } method } delay && (method.ContainingType.Is(scope.Known.Task) || method.ContainingType.IsOrDerives(scope.Known.Context))
                && delay.Arguments.All(argument => argument.ArgumentKind == ArgumentKind.DefaultValue || !argument.Parameter!.Type.Is(scope.Known.CancellationToken)))
                scope.Report(CodeRules.LosingDelay, delay, "A delay in WhenAny", "WaitAsync(limit, time), which gives its timer up");
    }
}
