// Collections whose order follows salted hash codes, enumerated where the order can be seen.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6019.</summary>
internal static class OrderRules
{
    private static readonly HashSet<string> Unordered = new(StringComparer.Ordinal)
    {
        "Count", "LongCount", "Any", "All", "Contains", "Sum", "Min", "Max", "Average", "Order", "OrderBy", "OrderDescending", "OrderByDescending", "ToDictionary", "ToHashSet", "ToImmutableSortedSet", "ToImmutableSortedDictionary",
        "ToFrozenSet", "ToFrozenDictionary", "SequenceEqual", "Single", "SingleOrDefault", "ToImmutableHashSet", "ToImmutableDictionary",
    };

    public static void Enumeration(BodyScope scope, IOperation collection)
    {
        if (Unstable(collection.Bare()) is { } type) scope.Report(CodeRules.UnstableOrder, collection, type, "a sorted or insertion-ordered collection, or OrderBy");
    }

    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        if (!IsLinq(call) && !(call.TargetMethod is { Name: "Join", ContainingType.SpecialType: SpecialType.System_String })) return false;
        var source = IsLinq(call) ? call.Arguments.Length > 0 ? call.Arguments[0].Value.Bare() : null : call.Arguments[call.Arguments.Length - 1].Value.Bare();
        if (source is null || Unstable(source) is not { } type || Settles(call)) return false;
        scope.Report(CodeRules.UnstableOrder, source, type, "a sorted or insertion-ordered collection, or OrderBy");
        return true;
    }

    // True if the chain of queries that this call begins sorts, or gives something that has no order.
    private static bool Settles(IInvocationOperation call)
    {
        for (IOperation? step = call; step is not null; step = step.Parent)
        {
            if (step is IInvocationOperation { TargetMethod: { } method } chained && (IsLinq(chained) || method.Name == "Join"))
            {
                if (Unordered.Contains(method.Name)) return true;
            }
            else if (step is not (IArgumentOperation or IConversionOperation or IParenthesizedOperation))
            {
                return false;
            }
        }

        return false;
    }

    private static bool IsLinq(IInvocationOperation call) => call.TargetMethod.ContainingType is { Name: "Enumerable", ContainingNamespace: { Name: "Linq", ContainingNamespace.Name: "System" } };

    private static string? Unstable(IOperation source)
    {
        if (source is IPropertyReferenceOperation { Property.Name: "Keys" or "Values", Instance: { } owner }) source = owner.Bare();
        if (source.Type is not INamedTypeSymbol type) return null;
        var name = type.Name == "Builder" ? type.ContainingType?.Name : type.Name;
        var arguments = type.TypeArguments.Length > 0 ? type.TypeArguments : type.ContainingType?.TypeArguments ?? [];
        return name switch
        {
            "ImmutableDictionary" or "ImmutableHashSet" when arguments.Length > 0 && Salted(arguments[0]) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
            "Hashtable" when type.ContainingNamespace.Name == "Collections" => "Hashtable",
            _ => null,
        };
    }

    private static bool Salted(ITypeSymbol key) => StateRules.Differs(key) || key is { IsReferenceType: true, SpecialType: SpecialType.None, IsRecord: false } and not ITypeParameterSymbol
        && !key.GetMembers("GetHashCode").Any(member => member is IMethodSymbol { Parameters.Length: 0, IsOverride: true });
}
