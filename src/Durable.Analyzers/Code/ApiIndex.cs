// The table of members, resolved for one compilation and remembered by type.
using System.Collections.Concurrent;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Code;

/// <summary>Looks members up in <see cref="ApiTable"/>.</summary>
internal sealed class ApiIndex
{
    private static readonly ILookup<string, Api> ByName = ApiTable.Rows.ToLookup(row => row.Type.Substring(row.Type.LastIndexOf('.') + 1), StringComparer.Ordinal);
    private readonly ConcurrentDictionary<INamedTypeSymbol, Api[]?> byType = new(SymbolEqualityComparer.Default);

    /// <summary>The row that concerns a member, or null.</summary>
    public Api? Find(ISymbol member)
    {
        if (member is IMethodSymbol { ReducedFrom: { } extension }) member = extension;
        if (member.ContainingType is not { } type || byType.GetOrAdd(type.OriginalDefinition, Read) is not { } rows) return null;
        var name = member is IMethodSymbol { AssociatedSymbol: { } property } ? property.Name : member.Name;
        foreach (var row in rows) if (row.Has(name)) return row;
        return null;
    }

    private static Api[]? Read(INamedTypeSymbol type)
    {
        List<Api>? found = null;
        for (INamedTypeSymbol? t = type; t is { SpecialType: not SpecialType.System_Object }; t = t.BaseType)
            foreach (var row in ByName[t.OriginalDefinition.MetadataName])
                if (FullName(t) == row.Type) (found ??= []).Add(row);
        return found?.ToArray();
    }

    private static string FullName(INamedTypeSymbol type) => type.ContainingType is null ? $"{type.ContainingNamespace.ToDisplayString()}.{type.OriginalDefinition.MetadataName}" : "";
}
