// State outside of the run: static fields and properties, hash codes, readers over files.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6018, DUR6020 and the file readers of DUR6015.</summary>
internal static class StateRules
{
    private const string Fields = "fields of the workflow";
    private static readonly HashSet<string> Changes = new(StringComparer.Ordinal)
    {
        "Add", "AddRange", "Insert", "Remove", "RemoveAt", "RemoveAll", "Clear", "Enqueue", "Dequeue", "TryDequeue", "Push", "Pop", "TryPop", "TryAdd", "TryUpdate", "TryRemove", "TryTake", "GetOrAdd", "AddOrUpdate", "Sort", "Reverse",
    };

    public static void Field(BodyScope scope, IFieldReferenceOperation reference)
    {
        var field = reference.Field;
        if (field is { IsStatic: true, IsConst: false, IsReadOnly: false } && !field.ContainingType.TypeKind.Equals(TypeKind.Enum))
            scope.Report(CodeRules.StaticState, reference, field.Display(), Fields);
    }

    public static bool Property(BodyScope scope, IPropertyReferenceOperation reference)
    {
        var property = reference.Property;
        if (!property.IsStatic || property.SetMethod is null or { IsInitOnly: true } || !IsAutomatic(property)) return false;
        scope.Report(CodeRules.StaticState, reference, property.Display(), Fields);
        return true;
    }

    public static bool Invocation(BodyScope scope, IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.Name == "GetHashCode" && Differs(call.Instance?.Type) && scope.Owner.Name != "GetHashCode")
        {
            scope.Report(CodeRules.HashCode, call, $"{call.Instance!.Type!.Name}.GetHashCode", "a hash of your own, of the bytes of the value");
            return true;
        }

        if (call.Instance?.Bare() is IFieldReferenceOperation { Field: { IsStatic: true, IsReadOnly: true } field } && IsChange(method))
        {
            scope.Report(CodeRules.StaticState, call, field.Display(), Fields);
            return true;
        }

        return false;
    }

    public static bool Creation(BodyScope scope, IObjectCreationOperation creation)
    {
        if (creation.Type?.Name is not ("StreamReader" or "StreamWriter") || creation.Arguments.Length == 0 || creation.Arguments[0].Parameter?.Type.SpecialType != SpecialType.System_String) return false;
        scope.Report(CodeRules.InputOutput, creation, "new " + creation.Type.Name, "an activity or a step");
        return true;
    }

    /// <summary>True for methods of the base library's collections that change them.</summary>
    public static bool IsChange(IMethodSymbol method) => Changes.Contains(method.Name)
        && method.ContainingType.ContainingNamespace?.ToDisplayString() is "System.Collections" or "System.Collections.Generic" or "System.Collections.Concurrent";

    /// <summary>True for types whose hash codes are salted per process, or are addresses.</summary>
    public static bool Differs(ITypeSymbol? type) => type switch
    {
        null => false,
        { SpecialType: SpecialType.System_String or SpecialType.System_Object } => true,
        { IsTupleType: true } => true,
        { IsRecord: true } => type.GetMembers("GetHashCode").All(member => member.IsImplicitlyDeclared) && type.GetMembers().OfType<IPropertySymbol>().Any(property => property.Name != "EqualityContract" && Differs(property.Type)),
        _ => false,
    };

    private static bool IsAutomatic(IPropertySymbol property)
    {
        foreach (var member in property.ContainingType.GetMembers())
            if (member is IFieldSymbol { AssociatedSymbol: { } associated } && associated.Is(property)) return true;
        return false;
    }
}
