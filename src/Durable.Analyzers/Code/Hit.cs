// What the walk over one body found.
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Code;

/// <summary>Something in a body that is wrong if the body is workflow code.</summary>
internal sealed class Hit(DiagnosticDescriptor rule, Location location, string what, string instead, ImmutableDictionary<string, string?>? properties)
{
    public DiagnosticDescriptor Rule { get; } = rule;

    /// <summary>The diagnostic, for code in a workflow class.</summary>
    public Diagnostic Direct() => Diagnostic.Create(Rule, location, properties, what, instead);

    /// <summary>The diagnostic, for code that a workflow class calls.</summary>
    public Diagnostic Reached(DiagnosticDescriptor twin, string from) => Diagnostic.Create(twin, location, properties, what, instead, from);
}

/// <summary>Facts of one body: what is wrong with it as workflow code, and what it calls in this compilation.</summary>
internal sealed class BodyFacts(ISymbol owner, ImmutableArray<Hit> hits, ImmutableArray<ISymbol> calls)
{
    public ISymbol Owner { get; } = owner;

    public ImmutableArray<Hit> Hits { get; } = hits;

    public ImmutableArray<ISymbol> Calls { get; } = calls;
}
