// Walks one body and asks the rules. Bodies of steps are left out: they are not workflow code.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>The one walk.</summary>
internal sealed class BodyWalker : OperationWalker
{
    private readonly BodyScope scope;
    private readonly StepRules steps;
    private readonly FlowRules flow;
    private bool isAsync;

    public BodyWalker(BodyScope scope)
    {
        this.scope = scope;
        steps = new StepRules(scope);
        flow = new FlowRules(scope);
        isAsync = scope.Owner is IMethodSymbol { IsAsync: true };
        if (scope.Owner is IMethodSymbol { IsAsync: true, ReturnsVoid: true } method)
            scope.Report(CodeRules.AsyncVoid, method.Locations[0], method.Name, "async Task");
    }

    public BodyFacts Facts() => scope.Facts();

    public override void VisitInvocation(IInvocationOperation operation)
    {
        if (steps.TakesStep(operation))
        {
            steps.Invocation(operation);
            foreach (var argument in operation.Arguments) if (!steps.IsStepArgument(operation, argument)) Visit(argument);
            Visit(operation.Instance);
            return;
        }

        scope.Call(operation.TargetMethod);
        if (!TimerRules.Invocation(scope, operation) && !SchedulerRules.Invocation(scope, operation) && !BlockingRules.Invocation(scope, operation)
            && !StateRules.Invocation(scope, operation) && !OrderRules.Invocation(scope, operation) && !ContinuationRules.Invocation(scope, operation)) Api(operation.TargetMethod, operation);
        flow.Invocation(operation);
        base.VisitInvocation(operation);
    }

    public override void VisitPropertyReference(IPropertyReferenceOperation operation)
    {
        scope.Call(operation.Property.GetMethod);
        scope.Call(operation.Property.SetMethod);
        if (!BlockingRules.Property(scope, operation) && !StateRules.Property(scope, operation)) Api(operation.Property, operation);
        base.VisitPropertyReference(operation);
    }

    public override void VisitFieldReference(IFieldReferenceOperation operation)
    {
        StateRules.Field(scope, operation);
        base.VisitFieldReference(operation);
    }

    public override void VisitObjectCreation(IObjectCreationOperation operation)
    {
        scope.Call(operation.Constructor);
        if (operation.Constructor is { } constructor && !TimerRules.Creation(scope, operation) && !StateRules.Creation(scope, operation)) Api(constructor, operation);
        base.VisitObjectCreation(operation);
    }

    public override void VisitMethodReference(IMethodReferenceOperation operation)
    {
        scope.Call(operation.Method);
        Api(operation.Method, operation);
        base.VisitMethodReference(operation);
    }

    // A call inside an expression is data; only its arguments are evaluated here.
    public override void VisitConversion(IConversionOperation operation)
    {
        if (!operation.Type.Is(scope.Known.Expression))
        {
            base.VisitConversion(operation);
            return;
        }

        foreach (var call in operation.Descendants().OfType<IInvocationOperation>().Take(1))
            foreach (var argument in call.Arguments)
                Visit(argument);
    }

    public override void VisitNameOf(INameOfOperation operation)
    {
    }

    public override void VisitLock(ILockOperation operation)
    {
        scope.Report(CodeRules.Lock, operation.LockedValue, "lock", "fields of the workflow and WaitUntilAsync");
        base.VisitLock(operation);
    }

    public override void VisitForEachLoop(IForEachLoopOperation operation)
    {
        OrderRules.Enumeration(scope, operation.Collection);
        base.VisitForEachLoop(operation);
    }

    public override void VisitWhileLoop(IWhileLoopOperation operation)
    {
        FlowRules.Loop(scope, operation, operation.Condition, operation.Body);
        base.VisitWhileLoop(operation);
    }

    public override void VisitForLoop(IForLoopOperation operation)
    {
        FlowRules.Loop(scope, operation, operation.Condition, operation.Body);
        base.VisitForLoop(operation);
    }

    public override void VisitTry(ITryOperation operation)
    {
        FlowRules.Try(scope, operation);
        base.VisitTry(operation);
    }

    public override void VisitAwait(IAwaitOperation operation)
    {
        base.VisitAwait(operation);
        flow.Awaited(operation);
    }

    public override void VisitExpressionStatement(IExpressionStatementOperation operation)
    {
        if (!isAsync) FlowRules.Forgotten(scope, operation);
        base.VisitExpressionStatement(operation);
    }

    public override void VisitVariableDeclarator(IVariableDeclaratorOperation operation)
    {
        if (operation.Initializer is { } initializer && steps.IsStepLocal(operation.Symbol))
        {
            steps.Body(initializer.Value);
            return;
        }

        FlowRules.Undisposed(scope, operation);
        base.VisitVariableDeclarator(operation);
    }

    public override void VisitLocalFunction(ILocalFunctionOperation operation)
    {
        if (steps.IsStepLocal(operation.Symbol)) steps.Body(operation);
        else Inside(operation.Symbol, operation, static (walker, o) => walker.BaseVisit((ILocalFunctionOperation)o));
    }

    public override void VisitAnonymousFunction(IAnonymousFunctionOperation operation) =>
        Inside(operation.Symbol, operation, static (walker, o) => walker.BaseVisit((IAnonymousFunctionOperation)o));

    private void BaseVisit(ILocalFunctionOperation operation) => base.VisitLocalFunction(operation);

    private void BaseVisit(IAnonymousFunctionOperation operation) => base.VisitAnonymousFunction(operation);

    // A function inside has its own awaits and its own context.
    private void Inside(IMethodSymbol function, IOperation operation, Action<BodyWalker, IOperation> visit)
    {
        var (wasAsync, wasLost) = (isAsync, flow.Lost);
        (isAsync, flow.Lost) = (function.IsAsync, false);
        if (function is { IsAsync: true, ReturnsVoid: true }) scope.Report(CodeRules.AsyncVoid, operation, function.Name is { Length: > 0 } name ? name : "The lambda", "async Task");
        visit(this, operation);
        (isAsync, flow.Lost) = (wasAsync, wasLost);
    }

    private void Api(ISymbol member, IOperation where)
    {
        if (scope.Apis.Find(member) is not { } row) return;
        if (ReferenceEquals(row.Rule, CodeRules.HashCode) && scope.Owner.Name == "GetHashCode") return;      // a hash is made of hashes; who uses it is asked
        scope.Report(row.Rule, where, member.Display(), row.Instead);
    }
}
