// The description of a workflow class, and typed calls on it.
using System.Text;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Generator;

/// <summary>Writes one workflow class.</summary>
internal static class WorkflowWriter
{
    private const string Namespace = "global::Durable.CompilerServices.";

    /// <summary>The file, or null if the class has a fault of shape or cannot be named from here.</summary>
    public static Emitted? Write(INamedTypeSymbol type, KnownTypes known, Compilation compilation)
    {
        if (!Fits(type, compilation)) return null;
        var constructors = type.InstanceConstructors.Where(c => c.DeclaredAccessibility == Accessibility.Public && !(type.IsRecord && c.Parameters.Length == 1 && c.Parameters[0].Type.Is(type))).ToList();
        if (constructors.Count != 1 || Dependencies(constructors[0], known, compilation) is not { } dependencies) return null;
        var members = Members(type, known, compilation);
        if (members is null || members.Count(member => member.Mark.AttributeClass.Is(known.Run)) != 1) return null;

        var descriptions = new List<string>();
        foreach (var member in members.OrderBy(member => member.Mark.AttributeClass.Is(known.Run) ? 0 : 1))      // [Run] first
        {
            if (Describe(type, member, known) is not { } description) return null;
            descriptions.Add(description);
        }

        var activities = string.Join(", ", constructors[0].Parameters.Where(parameter => IsActivities(parameter.Type)).Select(parameter => $"typeof({CodeText.Bare(parameter.Type)})"));
        var name = CodeText.Identifier(type) + "_Workflow";
        var text = new StringBuilder(CodeText.Header).Append($"namespace Durable.Generated\n{{\n    internal static class {name}\n    {{\n        [global::System.Runtime.CompilerServices.ModuleInitializer]\n")
            .Append($"        internal static void Announce() => {Namespace}GeneratedCode.Add(new {Namespace}GeneratedWorkflow(typeof({CodeText.Bare(type)}), {CodeText.Attribute(type.GetAttributes().FirstOrDefault(a => a.AttributeClass.Is(known.Workflow)))},\n")
            .Append($"            [{activities}], static s => new {CodeText.Bare(type)}({dependencies}),\n            ").Append(string.Join(",\n            ", descriptions)).Append("));\n    }\n}\n");
        CallWriter.Write(text, type, members, known);
        return new Emitted(name + ".g.cs", text.ToString());
    }

    private static bool Fits(INamedTypeSymbol type, Compilation compilation)
    {
        for (INamedTypeSymbol? t = type; t is not null; t = t.ContainingType)
            if (t.IsGenericType || t.IsFileLocal) return false;
        return !type.IsAbstract && compilation.IsSymbolAccessibleWithin(type, compilation.Assembly) && !type.AllMembers().Any(member => member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true });
    }

    private static string? Dependencies(IMethodSymbol constructor, KnownTypes known, Compilation compilation)
    {
        var arguments = new List<string>();
        foreach (var parameter in constructor.Parameters)
        {
            var type = parameter.Type;
            if (!ActivityWriter.Visible(type, compilation) || parameter.RefKind != RefKind.None) return null;
            if (type.Is(known.Context)) arguments.Add("s.Context");
            else if (type.Is(known.TimeProvider)) arguments.Add("s.Time");
            else if (type.Is(known.Random)) arguments.Add("s.NewRandom()");
            else if (type is INamedTypeSymbol { Name: "ILogger" } logger && IsLogging(logger)) arguments.Add(logger.IsGenericType ? $"s.Logger<{CodeText.Bare(logger.TypeArguments[0])}>()" : "s.Logger()");
            else if (IsActivities(type)) arguments.Add($"s.Activities<{CodeText.Bare(type)}>()");
            else return null;
        }

        return string.Join(", ", arguments);
    }

    private static bool IsLogging(ITypeSymbol type) => type.ContainingNamespace?.ToDisplayString() == "Microsoft.Extensions.Logging";

    private static bool IsActivities(ITypeSymbol type) => type.TypeKind == TypeKind.Interface && !IsLogging(type)
        && type.ContainingNamespace?.ToDisplayString() is not "System" and not "Microsoft.Extensions.Options" and not "Microsoft.Extensions.Configuration";

    // Marked members, each once, or null if one of them has a fault.
    private static List<(ISymbol Member, AttributeData Mark)>? Members(INamedTypeSymbol type, KnownTypes known, Compilation compilation)
    {
        var workflows = new Workflows(known);
        var found = new List<(ISymbol Member, AttributeData Mark)>();
        foreach (var member in type.AllMembers())
        {
            if (member is not (IMethodSymbol { MethodKind: MethodKind.Ordinary } or IPropertySymbol) || workflows.MarkOf(member) is not { } mark) continue;
            if (found.Any(other => Overrides(other.Member, member))) continue;
            if (member.IsStatic || member.DeclaredAccessibility != Accessibility.Public || member.IsAbstract || !Fits(member, mark, known, compilation)) return null;
            found.Add((member, mark));
        }

        return found;
    }

    private static bool Overrides(ISymbol lower, ISymbol upper)
    {
        for (var m = lower; m is not null; m = (m as IMethodSymbol)?.OverriddenMethod ?? (ISymbol?)(m as IPropertySymbol)?.OverriddenProperty)
            if (SymbolEqualityComparer.Default.Equals(m, upper)) return true;
        return false;
    }

    private static bool Fits(ISymbol member, AttributeData mark, KnownTypes known, Compilation compilation)
    {
        if (member is IPropertySymbol property) return mark.AttributeClass.Is(known.Query) && property.GetMethod?.DeclaredAccessibility == Accessibility.Public && !property.Type.IsTask(known) && ActivityWriter.Visible(property.Type, compilation);
        var method = (IMethodSymbol)member;
        if (method.IsGenericMethod || !(method.ReturnsVoid || ActivityWriter.Visible(method.ReturnType, compilation))) return false;
        foreach (var parameter in method.Parameters)
            if (parameter.RefKind != RefKind.None || parameter.Type.Is(known.CancellationToken) || parameter.Type.IsRefLikeType || !ActivityWriter.Visible(parameter.Type, compilation)) return false;
        var kind = mark.AttributeClass;
        return kind.Is(known.Signal) ? method.ReturnsVoid || method.ReturnType.Is(known.Task)
            : kind.Is(known.Query) ? !method.ReturnsVoid && !method.ReturnType.IsTask(known)
            : method.ReturnType.IsTask(known);
    }

    private static string? Describe(INamedTypeSymbol type, (ISymbol Member, AttributeData Mark) found, KnownTypes known)
    {
        var attribute = CodeText.Attribute(found.Mark);
        if (found.Member is IPropertySymbol property)
            return $"{Namespace}GeneratedMember.Value<{CodeText.Of(property.Type)}>(\"{property.Name}\", [], static (o, a) => (({CodeText.Bare(type)})o).{CodeText.Name(property.Name)}, {attribute})";
        var method = (IMethodSymbol)found.Member;
        if (CodeText.Parameters(method.Parameters) is not { } parameters || Validator(type, method, found.Mark) is not { } validator) return null;
        var call = $"(({CodeText.Bare(type)})o).{CodeText.Name(method.Name)}({CodeText.Arguments(method, null)})";
        if (method.ReturnsVoid) return $"{Namespace}GeneratedMember.Void(\"{method.Name}\", {parameters}, static (o, a) => {call}, {attribute})";
        if (!method.ReturnType.IsTask(known)) return $"{Namespace}GeneratedMember.Value<{CodeText.Of(method.ReturnType)}>(\"{method.Name}\", {parameters}, static (o, a) => {call}, {attribute})";
        var make = ((INamedTypeSymbol)method.ReturnType).TypeArguments is { Length: 1 } result ? $"TaskOf<{CodeText.Of(result[0])}>" : "Task";
        return $"{Namespace}GeneratedMember.{make}(\"{method.Name}\", {parameters}, static (o, a, t) => {call}, {attribute}{validator})";
    }

    // Empty without one; null if generated code cannot call it.
    private static string? Validator(INamedTypeSymbol type, IMethodSymbol update, AttributeData mark)
    {
        if (mark.NamedArguments.FirstOrDefault(argument => argument.Key == "Validator").Value.Value is not string name) return "";
        var validator = type.AllMembers().OfType<IMethodSymbol>().FirstOrDefault(method => method.Name == name && !method.IsStatic && method.ReturnsVoid && !method.IsGenericMethod
            && method.Parameters.Select(parameter => parameter.Type).SequenceEqual(update.Parameters.Select(parameter => parameter.Type), SymbolEqualityComparer.Default));
        if (validator is null || validator.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal)) return null;
        return $", -1, static (o, a) => (({CodeText.Bare(type)})o).{CodeText.Name(name)}({CodeText.Arguments(validator, null)})";
    }
}
