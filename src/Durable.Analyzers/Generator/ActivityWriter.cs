// The proxy of an activity interface, its description, and its With(options).
using System.Text;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Generator;

/// <summary>Writes one activity interface.</summary>
internal static class ActivityWriter
{
    private const string Namespace = "global::Durable.CompilerServices.";

    /// <summary>The file, or null if the interface is none for activities, has a fault, or cannot be named from here.</summary>
    public static Emitted? Write(INamedTypeSymbol type, KnownTypes known, Compilation compilation)
    {
        if (IsService(type) || !Fits(type, compilation)) return null;
        var methods = type.AllInterfaces.Add(type).SelectMany(contract => contract.GetMembers()).Where(member => !member.IsStatic).ToList();
        if (methods.Count == 0 || methods.Any(member => member is not IMethodSymbol method || !Fits(method, known, compilation))) return null;
        var name = CodeText.Identifier(type) + "_Activities";
        var text = new StringBuilder(CodeText.Header).Append($"namespace Durable.Generated\n{{\n    internal sealed class {name} : {Namespace}GeneratedProxy, {CodeText.Bare(type)}\n    {{\n");
        var descriptions = new List<string>();
        foreach (var method in methods.Cast<IMethodSymbol>())
        {
            if (Describe(method, known) is not { } description) return null;
            Proxy(text, method, descriptions.Count, known);
            descriptions.Add(description);
        }

        text.Append("\n        [global::System.Runtime.CompilerServices.ModuleInitializer]\n        internal static void Announce() => ").Append(Namespace).Append("GeneratedCode.Add(new ").Append(Namespace)
            .Append($"GeneratedActivities(typeof({CodeText.Bare(type)}), {CodeText.Attribute(type.Attribute(known.Activity))}, static () => new {name}(),\n            ")
            .Append(string.Join(",\n            ", descriptions)).Append("));\n    }\n}\n");
        Options(text, type, compilation);
        return new Emitted(name + ".g.cs", text.ToString());
    }

    // What a workflow's constructor may ask for beside activities.
    private static bool IsService(INamedTypeSymbol type) => type.ContainingNamespace?.ToDisplayString() is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal) || space.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));

    private static bool Fits(INamedTypeSymbol type, Compilation compilation) => type.TypeKind == TypeKind.Interface && !type.IsUnboundGenericType && !type.IsFileLocal
        && !type.TypeArguments.Any(argument => argument is ITypeParameterSymbol) && compilation.IsSymbolAccessibleWithin(type, compilation.Assembly);

    private static bool Fits(IMethodSymbol method, KnownTypes known, Compilation compilation) => method.MethodKind == MethodKind.Ordinary && !method.IsGenericMethod && method.ReturnType.IsTask(known)
        && method.DeclaredAccessibility == Accessibility.Public && Visible(method.ReturnType, compilation) && method.Parameters.Count(parameter => parameter.Type.Is(known.CancellationToken)) <= 1
        && method.Parameters.All(parameter => parameter.RefKind == RefKind.None && !parameter.Type.IsRefLikeType && Visible(parameter.Type, compilation));

    /// <summary>True if generated code can name the type.</summary>
    public static bool Visible(ITypeSymbol type, Compilation compilation) => type switch
    {
        IArrayTypeSymbol array => Visible(array.ElementType, compilation),
        INamedTypeSymbol { IsFileLocal: true } => false,
        _ => compilation.IsSymbolAccessibleWithin(type, compilation.Assembly),
    };

    private static string? Describe(IMethodSymbol method, KnownTypes known)
    {
        var parameters = CodeText.Parameters(method.Parameters.Where(parameter => !parameter.Type.Is(known.CancellationToken)));
        if (parameters is null) return null;
        var token = method.Parameters.Select((parameter, at) => (parameter, at)).Where(item => item.parameter.Type.Is(known.CancellationToken)).Select(item => (int?)item.at).FirstOrDefault() ?? -1;
        var make = method.ReturnType is INamedTypeSymbol { TypeArguments: { Length: 1 } result } ? $"TaskOf<{CodeText.Of(result[0])}>" : "Task";
        return $"{Namespace}GeneratedMember.{make}(\"{method.Name}\", {parameters}, static (o, a, t) => (({CodeText.Bare(method.ContainingType)})o).{CodeText.Name(method.Name)}({CodeText.Arguments(method, known.CancellationToken)}), "
            + $"{CodeText.Attribute(method.Attribute(known.Activity))}, {token})";
    }

    private static void Proxy(StringBuilder text, IMethodSymbol method, int at, KnownTypes known)
    {
        var parameters = string.Join(", ", method.Parameters.Select(parameter => $"{CodeText.Of(parameter.Type)} {CodeText.Name(parameter.Name)}"));
        var arguments = string.Join(", ", method.Parameters.Where(parameter => !parameter.Type.Is(known.CancellationToken)).Select(parameter => CodeText.Name(parameter.Name)));
        var token = method.Parameters.FirstOrDefault(parameter => parameter.Type.Is(known.CancellationToken)) is { } given ? CodeText.Name(given.Name) : "default";
        var type = CodeText.Of(method.ReturnType);
        text.Append($"        {type} {CodeText.Bare(method.ContainingType)}.{CodeText.Name(method.Name)}({parameters}) => ({type})Call({at}, new object?[] {{ {arguments} }}, {token});\n");
    }

    // In the interface's own namespace, so that it shows where the interface is used. Interfaces of other assemblies have theirs there, if at all.
    private static void Options(StringBuilder text, INamedTypeSymbol type, Compilation compilation)
    {
        if (!SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly) || type.IsGenericType || type.GetMembers("With").Length > 0) return;
        var open = type.ContainingNamespace.IsGlobalNamespace ? "" : $"namespace {type.ContainingNamespace.ToDisplayString()}\n{{\n";
        var name = Outer(type) + "Options";
        if (type.ContainingNamespace.GetTypeMembers(name).Length > 0) return;
        text.Append(open).Append($"    /// <summary>Options for calls of <see cref=\"{CodeText.Bare(type)}\"/> in workflow code.</summary>\n    {Access(type)} static class {name}\n    {{\n")
            .Append("        /// <summary>The same activities with other options for the calls through the returned object; a fake is returned as it is.</summary>\n")
            .Append($"        public static {CodeText.Bare(type)} With(this {CodeText.Bare(type)} activities, global::Durable.ActivityOptions options) => {Namespace}GeneratedCode.With(activities, options);\n    }}\n");
        if (open.Length > 0) text.Append("}\n");
    }

    /// <summary>The name with those of the types around it.</summary>
    public static string Outer(INamedTypeSymbol type) => type.ContainingType is { } outer ? Outer(outer) + type.Name : type.Name;

    /// <summary>What generated classes about a type may be.</summary>
    public static string Access(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? t = type; t is not null; t = t.ContainingType) if (t.DeclaredAccessibility != Accessibility.Public) return "internal";
        return "public";
    }
}
