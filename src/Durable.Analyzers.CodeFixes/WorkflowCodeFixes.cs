// Fixes of rules about workflow code, where there is one right way.
using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace Durable.Analyzers.CodeFixes;

/// <summary>Offers one change for each diagnostic that has one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(WorkflowCodeFixes)), Shared]
public sealed class WorkflowCodeFixes : CodeFixProvider
{
    private static readonly Dictionary<string, (string Title, Func<FixScope, SyntaxNode, Replacement?> Make)> Fixes = new(StringComparer.Ordinal)
    {
        ["DUR6001"] = ("Use the durable clock", TimeFixes.Clock),
        ["DUR6002"] = ("Use the run's ids", TimeFixes.NewGuid),
        ["DUR6003"] = ("Use the injected Random", TimeFixes.SharedRandom),
        ["DUR6004"] = ("Wait by the durable clock", TimeFixes.Timer),
        ["DUR6005"] = ("Use DelayAsync, which has no limit", TimeFixes.LongDelay),
        ["DUR6007"] = ("Call it directly", TaskFixes.Unwrap),
        ["DUR6009"] = ("Use WhenEachAsync of the context", TaskFixes.WhenEach),
        ["DUR6010"] = ("Use Cancel", TaskFixes.Cancel),
        ["DUR6013"] = ("Await it", TaskFixes.Await),
        ["DUR6021"] = ("Remove ConfigureAwait", TaskFixes.RemoveConfigureAwait),
        ["DUR6022"] = ("Remove ConfigureAwait", TaskFixes.RemoveConfigureAwait),
        ["DUR6023"] = ("Return a Task", MemberFixes.AsyncTask),
        ["DUR6034"] = ("Return it", MemberFixes.Return),
        ["DUR6040"] = ("Mark the method with [Run]", MemberFixes.MarkRun),
    };

    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [.. Fixes.Keys];

    /// <inheritdoc />
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc />
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (root is null || model is null) return;
        foreach (var diagnostic in context.Diagnostics)
        {
            var node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            var (title, make) = Fixes[diagnostic.Id];
            if (make(new FixScope(model, node.SpanStart), node) is not { } change) continue;
            context.RegisterCodeFix(CodeAction.Create(title, _ => Task.FromResult(context.Document.WithSyntaxRoot(
                root.ReplaceNode(change.Old, change.New.WithTriviaFrom(change.Old).WithAdditionalAnnotations(Formatter.Annotation)))), diagnostic.Id), diagnostic);
        }
    }
}

/// <summary>One node for another.</summary>
internal sealed class Replacement(SyntaxNode old, SyntaxNode @new)
{
    public SyntaxNode Old { get; } = old;

    public SyntaxNode New { get; } = @new;

    /// <summary>An expression, written as text.</summary>
    public static Replacement? Of(SyntaxNode old, string? expression) => expression is null ? null : new Replacement(old, SyntaxFactory.ParseExpression(expression));
}

/// <summary>What is in sight where a diagnostic stands.</summary>
internal sealed class FixScope(SemanticModel model, int position)
{
    public SemanticModel Model { get; } = model;

    /// <summary>The name of the WorkflowContext in sight, or null.</summary>
    public string? Context => NameOf("WorkflowContext", "Durable");

    /// <summary>The name of the injected TimeProvider, or null.</summary>
    public string? Time => NameOf("TimeProvider", "System");

    /// <summary>The name of the injected Random, or null.</summary>
    public string? Random => NameOf("Random", "System");

    private string? NameOf(string type, string space)
    {
        foreach (var symbol in Model.LookupSymbols(position).OrderBy(symbol => symbol is IParameterSymbol ? 0 : symbol is IFieldSymbol ? 1 : 2).ThenBy(symbol => symbol.Name, StringComparer.Ordinal))
        {
            var declared = symbol switch
            {
                IParameterSymbol parameter => parameter.Type,
                IFieldSymbol { IsStatic: false } field => field.Type,
                IPropertySymbol { IsStatic: false } property => property.Type,
                _ => null,
            };
            if (declared?.Name == type && declared.ContainingNamespace.ToDisplayString() == space && symbol.CanBeReferencedByName) return symbol.Name;
        }

        return null;
    }
}
