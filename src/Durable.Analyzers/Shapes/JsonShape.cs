// What System.Text.Json cannot write and read back, as far as the declared type tells.
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Shapes;

/// <summary>Finds types that cannot be stored.</summary>
internal static class JsonShape
{
    private const int Depth = 4;      // members of members of members: deeper ones are found when they are stored

    /// <summary>Why the type cannot be stored, or null.</summary>
    public static string? Fault(ITypeSymbol type, KnownTypes known) => Fault(type, known, Depth, new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default));

    private static string? Fault(ITypeSymbol type, KnownTypes known, int depth, HashSet<ITypeSymbol> seen)
    {
        if (depth == 0 || !seen.Add(type) || type is ITypeParameterSymbol || HasConverter(type)) return null;
        if (type is IArrayTypeSymbol array) return array.Rank > 1 ? "arrays of more than one dimension have no JSON form" : Fault(array.ElementType, known, depth, seen);
        if (type.TypeKind is TypeKind.Pointer or TypeKind.FunctionPointer || type.IsRefLikeType) return $"{type.Name} cannot leave the stack";
        if (type.TypeKind == TypeKind.Delegate) return "a delegate has no JSON form; pass what it needs as a value";
        if (type.IsTupleType) return "a tuple keeps its values in fields, which are not stored; use a record";
        if (type.IsTask(known)) return "a task is no value; await it first";
        for (var t = type; t is not null; t = t.BaseType)
            if (t.ContainingNamespace?.ToDisplayString() is { } space && $"{space}.{t.Name}" is "System.IO.Stream" or "System.Type" or "System.Exception" or "System.Reflection.MemberInfo" or "System.Threading.CancellationToken"
                or "System.Data.Common.DbConnection" or "System.Data.Common.DbTransaction" or "Durable.WorkflowContext" or "System.Net.Http.HttpMessageInvoker" or "System.IntPtr" or "System.UIntPtr")
                return $"{t.Name} has no JSON form; pass the value that it stands for";
        if (type is not INamedTypeSymbol named) return null;
        foreach (var argument in named.TypeArguments)
            if (Fault(argument, known, depth, seen) is { } fault) return fault;
        if (!named.Locations.Any(place => place.IsInSource)) return null;
        if ((named.IsAbstract || named.TypeKind == TypeKind.Interface) && !named.IsStatic && !Declares(named)) return $"{named.Name} is abstract and names no derived types; add [JsonDerivedType] for each";
        return Members(named, known, depth, seen);
    }

    private static string? Members(INamedTypeSymbol type, KnownTypes known, int depth, HashSet<ITypeSymbol> seen)
    {
        foreach (var member in type.AllMembers())
        {
            if (member is not IPropertySymbol { IsStatic: false, IsIndexer: false, DeclaredAccessibility: Accessibility.Public, GetMethod.DeclaredAccessibility: Accessibility.Public } property) continue;
            if (property.GetAttributes().Any(attribute => attribute.AttributeClass?.Name is "JsonIgnoreAttribute" or "JsonConverterAttribute")) continue;
            if (Fault(property.Type, known, depth - 1, seen) is { } fault) return $"in its member {property.Name} {fault}";
        }

        return null;
    }

    private static bool HasConverter(ITypeSymbol type) => type.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "JsonConverterAttribute");

    private static bool Declares(INamedTypeSymbol type) => type.AllInterfaces.Any(contract => contract.Name is "IEnumerable")
        || type.GetAttributes().Any(attribute => attribute.AttributeClass?.Name is "JsonDerivedTypeAttribute" or "JsonPolymorphicAttribute");
}
