// One body that is walked: what is known about it, and what was found so far.
using System.Collections.Immutable;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>Shared by the walker and the rules of one body.</summary>
internal sealed class BodyScope(KnownTypes known, ApiIndex apis, Workflows workflows, Compilation compilation, ISymbol owner, ImmutableArray<IOperation> blocks)
{
    private readonly ImmutableArray<Hit>.Builder hits = ImmutableArray.CreateBuilder<Hit>();
    private readonly ImmutableArray<ISymbol>.Builder calls = ImmutableArray.CreateBuilder<ISymbol>();
    private List<IAwaitOperation>? awaits;

    public KnownTypes Known { get; } = known;

    public ApiIndex Apis { get; } = apis;

    public Workflows Workflows { get; } = workflows;

    public ISymbol Owner { get; } = owner;

    public ImmutableArray<IOperation> Blocks { get; } = blocks;

    /// <summary>Awaits of this body, in the order they stand.</summary>
    public List<IAwaitOperation> Awaits => awaits ??= [.. Blocks.SelectMany(block => block.DescendantsAndSelf()).OfType<IAwaitOperation>()];

    public void Report(DiagnosticDescriptor rule, IOperation where, string what, string instead) => hits.Add(new Hit(rule, where.Syntax.GetLocation(), what, instead, null));

    public void Report(DiagnosticDescriptor rule, Location where, string what, string instead) => hits.Add(new Hit(rule, where, what, instead, null));

    /// <summary>Remembers a call of something whose body may be in this compilation.</summary>
    public void Call(ISymbol? target)
    {
        if (target is IMethodSymbol { ReducedFrom: { } extension }) target = extension;
        if (target is null || !SymbolEqualityComparer.Default.Equals(target.ContainingAssembly, compilation.Assembly)) return;
        target = target.OriginalDefinition;
        if (target is IMethodSymbol { MethodKind: MethodKind.LocalFunction or MethodKind.AnonymousFunction }) return;
        calls.Add(target is IMethodSymbol { MethodKind: MethodKind.Constructor } ? target.ContainingType : target);
    }

    public BodyFacts Facts() => new(Owner, hits.ToImmutable(), calls.ToImmutable());
}
