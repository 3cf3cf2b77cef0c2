// ContinueAsNew only counts when [Run] returns it.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6034, DUR6035.</summary>
internal static class ContinuationRules
{
    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        if (call.TargetMethod.Name != "ContinueAsNew" || !call.TargetMethod.ContainingType.IsOrDerives(scope.Known.Context)) return false;
        if (call.TargetMethod.ReturnsVoid)
        {
            if (!IsLast(call)) scope.Report(CodeRules.AfterContinuation, call, "ContinueAsNew", "return in the next statement");
        }
        else if (call.Parent is IExpressionStatementOperation or ISimpleAssignmentOperation { Target: IDiscardOperation })
        {
            scope.Report(CodeRules.LostContinuation, call, "ContinueAsNew", "return in front of it");
        }

        return true;
    }

    // True if nothing of the method runs after the statement.
    private static bool IsLast(IOperation call)
    {
        for (var child = call; child.Parent is { } parent; child = parent)
        {
            if (parent is ILoopOperation or ITryOperation { Finally: not null }) return parent is ITryOperation && IsLast(parent);
            if (parent is IAnonymousFunctionOperation or ILocalFunctionOperation or IMethodBodyOperation) return true;
            var siblings = parent switch
            {
                IBlockOperation block => block.Operations,
                ISwitchCaseOperation section => section.Body,
                _ => [],
            };
            var next = siblings.IndexOf(child) + 1;
            if (next <= 0 || next >= siblings.Length) continue;
            if (siblings[next] is IReturnOperation or IThrowOperation) return true;
            if (siblings[next] is IBranchOperation { BranchKind: BranchKind.Break } && parent is ISwitchCaseOperation) continue;
            return siblings[next].IsImplicit;
        }

        return true;
    }
}
