// Clocks, ids, random numbers and timers: the run has its own.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Durable.Analyzers.CodeFixes;

/// <summary>DUR6001 to DUR6005.</summary>
internal static class TimeFixes
{
    public static Replacement? Clock(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<MemberAccessExpressionSyntax>() is not { } member || scope.Model.GetSymbolInfo(member).Symbol is not IPropertySymbol property) return null;
        if (property.ContainingType.Name == "TimeProvider" && scope.Time is { } time) return Replacement.Of(member, time);
        var now = scope.Context is { } context ? context + ".UtcNow" : scope.Time is { } clock ? clock + ".GetUtcNow()" : null;
        if (now is null) return null;
        return (property.ContainingType.Name, property.Name) switch
        {
            ("DateTimeOffset", _) => Replacement.Of(member, now),
            ("DateTime", "UtcNow" or "Now") => Replacement.Of(member, now + ".UtcDateTime"),
            ("DateTime", "Today") => Replacement.Of(member, now + ".UtcDateTime.Date"),
            _ => null,
        };
    }

    public static Replacement? NewGuid(FixScope scope, SyntaxNode node) =>
        node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "NewGuid" or "CreateVersion7" } } call && scope.Context is { } context
            ? Replacement.Of(call, context + ".NewGuid()") : null;

    public static Replacement? SharedRandom(FixScope scope, SyntaxNode node) =>
        node.FirstAncestorOrSelf<MemberAccessExpressionSyntax>() is { Name.Identifier.ValueText: "Shared" } shared && scope.Random is { } random ? Replacement.Of(shared, random) : null;

    public static Replacement? Timer(FixScope scope, SyntaxNode node)
    {
        switch (node.FirstAncestorOrSelf<ExpressionSyntax>(expression => expression is InvocationExpressionSyntax or BaseObjectCreationExpressionSyntax))
        {
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Delay" or "WaitAsync" } member } call when call.ArgumentList.Arguments.Count > 0:
                if (scope.Time is { } time) return Replacement.Of(call, $"{member}({Timed(scope, call.ArgumentList, time)})");
                return member.Name.Identifier.ValueText == "Delay" ? LongDelay(scope, call) : null;
            case BaseObjectCreationExpressionSyntax { ArgumentList: { Arguments.Count: 1 } arguments } creation when scope.Time is { } clock:
                return Replacement.Of(creation, creation is ObjectCreationExpressionSyntax named ? $"new {named.Type}({Timed(scope, arguments, clock)})" : $"new({Timed(scope, arguments, clock)})");
            default:
                return null;
        }
    }

    public static Replacement? LongDelay(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is not { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Delay" } } call || scope.Context is not { } context) return null;
        var token = call.ArgumentList.Arguments.Skip(1).FirstOrDefault(argument => scope.Model.GetTypeInfo(argument.Expression).Type?.Name == "CancellationToken");
        return Replacement.Of(call, $"{context}.DelayAsync({Span(scope, call.ArgumentList.Arguments[0])}{(token is null ? "" : ", " + token)})");
    }

    // The overloads with a TimeProvider take a TimeSpan, never milliseconds.
    private static string Timed(FixScope scope, ArgumentListSyntax list, string time) =>
        string.Join(", ", new[] { Span(scope, list.Arguments[0]), time }.Concat(list.Arguments.Skip(1).Select(argument => argument.ToString())));

    public static string Span(FixScope scope, ArgumentSyntax argument) =>
        scope.Model.GetTypeInfo(argument.Expression).Type?.SpecialType == SpecialType.System_Int32 ? $"TimeSpan.FromMilliseconds({argument.Expression})" : argument.Expression.ToString();
}
