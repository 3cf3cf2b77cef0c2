// Members: what they return, and what marks them.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Durable.Analyzers.CodeFixes;

/// <summary>DUR6023, DUR6034, DUR6040.</summary>
internal static class MemberFixes
{
    public static Replacement? AsyncTask(FixScope scope, SyntaxNode node) => node.FirstAncestorOrSelf<SyntaxNode>(outer => outer is MethodDeclarationSyntax or LocalFunctionStatementSyntax) switch
    {
        MethodDeclarationSyntax method => Replacement.Of(method.ReturnType, "Task"),
        LocalFunctionStatementSyntax local => Replacement.Of(local.ReturnType, "Task"),
        _ => null,
    };

    public static Replacement? Return(FixScope scope, SyntaxNode node) => node.FirstAncestorOrSelf<ExpressionStatementSyntax>() is { } statement
        ? new Replacement(statement, SyntaxFactory.ReturnStatement((statement.Expression is AssignmentExpressionSyntax discard ? discard.Right : statement.Expression).WithLeadingTrivia(SyntaxFactory.Space)))
        : null;

    // The one public method that could be it.
    public static Replacement? MarkRun(FixScope scope, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<ClassDeclarationSyntax>() is not { } type) return null;
        var candidates = type.Members.OfType<MethodDeclarationSyntax>().Where(method => method.AttributeLists.Count == 0 && method.Modifiers.Any(SyntaxKind.PublicKeyword) && !method.Modifiers.Any(SyntaxKind.StaticKeyword)
            && method.ReturnType is IdentifierNameSyntax { Identifier.ValueText: "Task" } or GenericNameSyntax { Identifier.ValueText: "Task" }).ToList();
        if (candidates.Count > 1) candidates.RemoveAll(method => method.Identifier.ValueText is not ("RunAsync" or "Run"));
        if (candidates.Count != 1) return null;
        var list = SyntaxFactory.AttributeList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Attribute(SyntaxFactory.IdentifierName("Run")))).WithTrailingTrivia(SyntaxFactory.Space);
        return new Replacement(candidates[0], candidates[0].WithoutLeadingTrivia().WithAttributeLists(SyntaxFactory.SingletonList(list)));
    }
}
