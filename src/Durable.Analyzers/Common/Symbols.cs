// Questions about symbols that several rules ask.
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Common;

/// <summary>Extension methods over symbols.</summary>
internal static class Symbols
{
    /// <summary>Equal, type arguments and nullability aside.</summary>
    public static bool Is(this ISymbol? symbol, ISymbol? other) => symbol is not null && other is not null && SymbolEqualityComparer.Default.Equals(symbol.OriginalDefinition, other.OriginalDefinition);

    /// <summary>The type itself or one that it derives from.</summary>
    public static bool IsOrDerives(this ITypeSymbol? type, INamedTypeSymbol? other)
    {
        for (var t = type; t is not null && other is not null; t = t.BaseType) if (t.Is(other)) return true;
        return false;
    }

    /// <summary>Task or Task of something.</summary>
    public static bool IsTask(this ITypeSymbol? type, KnownTypes known) => type.Is(known.Task) || type.Is(known.TaskOf);

    /// <summary>The attribute of that class (or of one derived from it), or null.</summary>
    public static AttributeData? Attribute(this ISymbol symbol, INamedTypeSymbol? attribute)
    {
        foreach (var data in symbol.GetAttributes()) if (data.AttributeClass.IsOrDerives(attribute)) return data;
        return null;
    }

    /// <summary>The name with its type, as messages show it.</summary>
    public static string Display(this ISymbol symbol)
    {
        if (symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor) return "new " + constructor.ContainingType.Name;
        if (symbol is IMethodSymbol { AssociatedSymbol: { } property }) symbol = property;
        if (symbol is IMethodSymbol { ReducedFrom: { } extension }) symbol = extension;
        return symbol.ContainingType is { } type && symbol is not ITypeSymbol ? $"{type.Name}.{symbol.Name}" : symbol.Name;
    }

    /// <summary>All base types' and the type's own members.</summary>
    public static IEnumerable<ISymbol> AllMembers(this INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? t = type; t is { SpecialType: not SpecialType.System_Object }; t = t.BaseType)
            foreach (var member in t.GetMembers())
                yield return member;
    }
}
