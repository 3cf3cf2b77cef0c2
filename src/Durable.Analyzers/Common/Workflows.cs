// What is a workflow class, and where the engine enters it.
using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Common;

/// <summary>Answers for one compilation, remembered.</summary>
internal sealed class Workflows(KnownTypes known)
{
    private readonly ConcurrentDictionary<INamedTypeSymbol, HashSet<ISymbol>?> entries = new(SymbolEqualityComparer.Default);

    /// <summary>True for a class with [Workflow] or with a member that is marked as [Run], [Signal], [Query] or [Update].</summary>
    public bool IsWorkflow(INamedTypeSymbol type) => Entries(type) is not null;

    /// <summary>True if the engine calls this member of a workflow class: marked members, validators, constructors, initializers and overrides.</summary>
    public bool IsEntry(ISymbol member)
    {
        if (member.ContainingType is not { } type || Entries(type.OriginalDefinition) is not { } marked) return false;
        return member switch
        {
            IFieldSymbol or IPropertySymbol => !member.IsStatic,
            IMethodSymbol { MethodKind: MethodKind.Constructor } => true,
            IMethodSymbol { AssociatedSymbol: { } property } => marked.Contains(property.OriginalDefinition),
            IMethodSymbol { IsOverride: true } method => marked.Contains(method.OriginalDefinition) || !FromObject(method),
            _ => marked.Contains(member.OriginalDefinition),
        };
    }

    /// <summary>The attribute that makes a member part of the workflow, on itself, on what it overrides, or on the interface member that it implements.</summary>
    public AttributeData? MarkOf(ISymbol member)
    {
        for (var m = member; m is not null; m = (m as IMethodSymbol)?.OverriddenMethod ?? (ISymbol?)(m as IPropertySymbol)?.OverriddenProperty)
            if (m.Attribute(known.Member) is { } own) return own;
        if (member.IsStatic || member.ContainingType is not { TypeKind: TypeKind.Class } type) return null;
        foreach (var contract in type.AllInterfaces)
            foreach (var declared in contract.GetMembers())
                if (declared.Kind == member.Kind && declared.Attribute(known.Member) is { } mark && type.FindImplementationForInterfaceMember(declared).Is(member)) return mark;
        return null;
    }

    private static bool FromObject(IMethodSymbol method)
    {
        var root = method;
        while (root.OverriddenMethod is { } overridden) root = overridden;
        return root.ContainingType.SpecialType == SpecialType.System_Object;
    }

    private HashSet<ISymbol>? Entries(INamedTypeSymbol type) => entries.GetOrAdd(type.OriginalDefinition, Read);

    private HashSet<ISymbol>? Read(INamedTypeSymbol type)
    {
        if (type.TypeKind != TypeKind.Class || type.IsStatic) return null;
        HashSet<ISymbol>? found = type.Attribute(known.Workflow) is null ? null : new(SymbolEqualityComparer.Default);
        foreach (var member in type.AllMembers())
        {
            if (member is not (IMethodSymbol { MethodKind: MethodKind.Ordinary } or IPropertySymbol) || MarkOf(member) is not { } mark) continue;
            found ??= new(SymbolEqualityComparer.Default);
            found.Add(member.OriginalDefinition);
            foreach (var argument in mark.NamedArguments)
                if (argument is { Key: "Validator", Value.Value: string validator })
                    foreach (var method in type.GetMembers(validator)) found.Add(method.OriginalDefinition);
        }

        return found;
    }
}
