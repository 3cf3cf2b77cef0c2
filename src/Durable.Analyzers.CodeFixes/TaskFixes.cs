// Tasks: awaited, and on the run's own context.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Durable.Analyzers.CodeFixes;

/// <summary>DUR6007, DUR6009, DUR6010, DUR6013, DUR6021, DUR6022.</summary>
internal static class TaskFixes
{
    /// <summary><c>Task.Run(() => WorkAsync())</c> becomes <c>WorkAsync()</c>; synchronous work has no such form.</summary>
    public static Replacement? Unwrap(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is not { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Run" } } call || call.ArgumentList.Arguments.Count == 0) return null;
        if (call.ArgumentList.Arguments[0].Expression is not ParenthesizedLambdaExpressionSyntax { ExpressionBody: { } body } lambda) return null;
        if (lambda.AsyncKeyword.IsKind(SyntaxKind.AsyncKeyword)) return body is AwaitExpressionSyntax awaited ? Replacement.Of(call, awaited.Expression.ToString()) : null;
        return scope.Model.GetTypeInfo(body).Type is { Name: "Task" } ? Replacement.Of(call, body.ToString()) : null;
    }

    public static Replacement? WhenEach(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is not { } call || scope.Context is not { } context) return null;
        var list = call.ArgumentList.Arguments;
        var one = list.Count == 1 && scope.Model.GetTypeInfo(list[0].Expression).Type is { Name: not "Task" };
        // The context's form is for tasks with a result.
        if (scope.Model.GetSymbolInfo(call).Symbol is not IMethodSymbol { IsGenericMethod: true }) return null;
        return Replacement.Of(call, one ? $"{context}.WhenEachAsync({list[0]})" : $"{context}.WhenEachAsync([{string.Join(", ", list)}])");
    }

    public static Replacement? Cancel(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is not { Expression: MemberAccessExpressionSyntax member } call) return null;
        return call.Parent is AwaitExpressionSyntax { Parent: ExpressionStatementSyntax } awaited ? Replacement.Of(awaited, $"{member.Expression}.Cancel()") : null;
    }

    public static Replacement? Await(FixScope scope, SyntaxNode node)
    {
        if (!InAsync(node)) return null;
        switch (node.FirstAncestorOrSelf<ExpressionSyntax>(expression => expression is InvocationExpressionSyntax or MemberAccessExpressionSyntax))
        {
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Sleep" } } call when scope.Context is { } context:
                return Replacement.Of(call, $"await {context}.DelayAsync({TimeFixes.Span(scope, call.ArgumentList.Arguments[0])})");
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "WaitAll" } } call when call.Parent is ExpressionStatementSyntax:
                return Replacement.Of(call, $"await Task.WhenAll{call.ArgumentList}");
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Wait" } wait } call when call.ArgumentList.Arguments.Count == 0 && IsTask(scope, wait.Expression):
                return Replacement.Of(call, $"await {wait.Expression}");
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "GetResult", Expression: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax awaiter } } } call:
                return Replacement.Of(call, Awaited(call, awaiter.Expression));
            case MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Result" } result when IsTask(scope, result.Expression):
                return Replacement.Of(result, Awaited(result, result.Expression));
            default:
                return null;
        }
    }

    public static Replacement? RemoveConfigureAwait(FixScope scope, SyntaxNode node) =>
        node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" } member } call ? new Replacement(call, member.Expression) : null;

    // await binds weaker than what may follow.
    private static string Awaited(ExpressionSyntax whole, ExpressionSyntax task) => whole.Parent is MemberAccessExpressionSyntax or InvocationExpressionSyntax or ElementAccessExpressionSyntax or ConditionalAccessExpressionSyntax ? $"(await {task})" : $"await {task}";

    private static bool IsTask(FixScope scope, ExpressionSyntax expression) => scope.Model.GetTypeInfo(expression).Type?.Name is "Task" or "ValueTask";

    private static bool InAsync(SyntaxNode node)
    {
        foreach (var outer in node.Ancestors())
        {
            if (outer is AnonymousFunctionExpressionSyntax lambda) return lambda.AsyncKeyword.IsKind(SyntaxKind.AsyncKeyword);
            if (outer is LocalFunctionStatementSyntax local) return local.Modifiers.Any(SyntaxKind.AsyncKeyword);
            if (outer is MethodDeclarationSyntax method) return method.Modifiers.Any(SyntaxKind.AsyncKeyword);
        }

        return false;
    }
}
