// Writes what reflection would have to find: proxies of activity interfaces, descriptions of workflow classes, typed calls.
using System.Collections.Immutable;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Durable.Analyzers.Generator;

/// <summary>
/// Each workflow class and each activity interface becomes one file; a module initializer in it announces it to Durable.Core. What has a fault of shape
/// gets no file: it is read by reflection, which says what is wrong.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class DurableGenerator : IIncrementalGenerator
{
    /// <inheritdoc />
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var runs = context.SyntaxProvider.ForAttributeWithMetadataName("Durable.RunAttribute", static (node, _) => node is MethodDeclarationSyntax, static (found, _) => OfWorkflow(found));
        var registered = context.SyntaxProvider.CreateSyntaxProvider(static (node, _) => IsAddActivities(node), static (found, cancellation) => OfRegistration(found, cancellation));
        var all = runs.Collect().Combine(registered.Collect()).SelectMany(static (pair, _) => Distinct(pair.Left.Concat(pair.Right)));
        context.RegisterSourceOutput(all, static (output, file) => output.AddSource(file.Name, file.Text));
    }

    private static ImmutableArray<Emitted> Distinct(IEnumerable<EmittedFiles> files)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return [.. files.SelectMany(found => found.Files).Where(file => names.Add(file.Name))];
    }

    private static EmittedFiles OfWorkflow(GeneratorAttributeSyntaxContext found)
    {
        if (found.TargetSymbol.ContainingType is not { TypeKind: TypeKind.Class } type || KnownTypes.Of(found.SemanticModel.Compilation) is not { } known) return default;
        var compilation = found.SemanticModel.Compilation;
        var files = new List<Emitted>();
        if (WorkflowWriter.Write(type, known, compilation) is { } workflow) files.Add(workflow);
        foreach (var constructor in type.InstanceConstructors)
            foreach (var parameter in constructor.Parameters)
                if (parameter.Type is INamedTypeSymbol { TypeKind: TypeKind.Interface } asked && ActivityWriter.Write(asked, known, compilation) is { } proxy) files.Add(proxy);
        return new EmittedFiles([.. files]);
    }

    private static bool IsAddActivities(SyntaxNode node) => node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "AddActivities" } };

    private static EmittedFiles OfRegistration(GeneratorSyntaxContext found, CancellationToken cancellation)
    {
        if (found.SemanticModel.GetSymbolInfo(found.Node, cancellation).Symbol is not IMethodSymbol { TypeArguments: { Length: > 0 } arguments } || KnownTypes.Of(found.SemanticModel.Compilation) is not { } known) return default;
        return arguments[0] is INamedTypeSymbol { TypeKind: TypeKind.Interface } asked && ActivityWriter.Write(asked, known, found.SemanticModel.Compilation) is { } proxy ? new EmittedFiles([proxy]) : default;
    }
}
