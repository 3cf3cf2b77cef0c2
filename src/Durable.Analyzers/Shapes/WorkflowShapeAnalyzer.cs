// Checks the shape of workflow classes while one types: what AddDurable would refuse with DUR1001 when the host starts.
using System.Collections.Immutable;
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Durable.Analyzers.Shapes;

/// <summary>DUR6040 to DUR6043.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class WorkflowShapeAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [ShapeRules.MissingRun, ShapeRules.Shape, ShapeRules.Dependency, ShapeRules.NotStored];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (KnownTypes.Of(start.Compilation) is not { } known) return;
            var workflows = new Workflows(known);
            start.RegisterSymbolAction(symbol => Check(symbol, known, workflows), SymbolKind.NamedType);
        });
    }

    private static void Check(SymbolAnalysisContext context, KnownTypes known, Workflows workflows)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (!workflows.IsWorkflow(type) || type.IsAbstract) return;
        var marked = type.AllMembers().Select(member => (Member: member, Mark: member is IMethodSymbol { MethodKind: MethodKind.Ordinary } or IPropertySymbol ? workflows.MarkOf(member) : null))
            .Where(found => found.Mark is not null && !IsOverridden(type, found.Member)).ToList();
        CheckRun(context, known, type, [.. marked.Where(found => found.Mark!.AttributeClass.Is(known.Run)).Select(found => found.Member)]);
        foreach (var (member, mark) in marked)
            if (SymbolEqualityComparer.Default.Equals(member.ContainingType, type)) CheckMember(context, known, member, mark!);
        CheckConstructor(context, known, type);
    }

    private static bool IsOverridden(INamedTypeSymbol type, ISymbol member) => (member.IsVirtual || member.IsAbstract || member.IsOverride)
        && type.AllMembers().Any(other => other is IMethodSymbol { OverriddenMethod: { } below } && SymbolEqualityComparer.Default.Equals(below, member));

    private static void CheckRun(SymbolAnalysisContext context, KnownTypes known, INamedTypeSymbol type, ISymbol[] runs)
    {
        if (runs.Length == 0)
            context.ReportDiagnostic(Diagnostic.Create(ShapeRules.MissingRun, type.Locations[0], type.Name, "Mark the method that runs it: [Run] public async Task RunAsync(…)"));
        for (var i = 1; i < runs.Length; i++)
            Say(context, runs[i], $"{type.Name} has more than one [Run] method: keep one, overloads count too");
    }

    private static void CheckMember(SymbolAnalysisContext context, KnownTypes known, ISymbol member, AttributeData mark)
    {
        var attribute = $"[{mark.AttributeClass!.Name.Replace("Attribute", "")}]";
        if (member.DeclaredAccessibility != Accessibility.Public || member.IsStatic) Say(context, member, $"{attribute} needs a public instance member");
        if (member is IPropertySymbol property)
        {
            if (property.Type.IsTask(known)) Say(context, member, "A [Query] gives a value at once, not a Task");
            Stored(context, known, member, property.Type, "Query");
            return;
        }

        var method = (IMethodSymbol)member;
        if (method.IsGenericMethod) Say(context, member, $"{attribute} is generic, but stored calls have concrete types");
        var gives = method.ReturnType;
        var fault = mark.AttributeClass.Name switch
        {
            "RunAttribute" or "UpdateAttribute" when !gives.IsTask(known) => $"{attribute} returns Task or Task<T>",
            "SignalAttribute" when !method.ReturnsVoid && !gives.Is(known.Task) => "A [Signal] returns void or Task",
            "QueryAttribute" when method.ReturnsVoid || gives.IsTask(known) => "A [Query] gives a value at once: no void, no Task",
            _ => null,
        };
        if (fault is not null) Say(context, member, fault);
        foreach (var parameter in method.Parameters)
        {
            if (parameter.RefKind != RefKind.None) Say(context, parameter, "Arguments are stored: pass a value, not a reference");
            else if (parameter.Type.Is(known.CancellationToken)) Say(context, parameter, "Take WorkflowContext.CancellationToken instead of a parameter");
            else Stored(context, known, parameter, parameter.Type, parameter.Name);
        }

        if (gives is INamedTypeSymbol { TypeArguments.Length: 1 } task && gives.IsTask(known)) Stored(context, known, member, task.TypeArguments[0], "The result of " + member.Name);
        else if (!method.ReturnsVoid && !gives.IsTask(known)) Stored(context, known, member, gives, "The result of " + member.Name);
    }

    private static void CheckConstructor(SymbolAnalysisContext context, KnownTypes known, INamedTypeSymbol type)
    {
        var constructors = type.InstanceConstructors.Where(constructor => constructor.DeclaredAccessibility == Accessibility.Public && !IsCopy(type, constructor)).ToList();
        if (constructors.Count > 1) Say(context, constructors[1], $"{type.Name} has more than one public constructor");
        if (constructors.Count == 0) Say(context, type, $"{type.Name} has no public constructor");
        if (constructors.Count != 1) return;
        foreach (var parameter in constructors[0].Parameters)
        {
            if (WhyNot(parameter.Type, known) is { } instead)
                context.ReportDiagnostic(Diagnostic.Create(ShapeRules.Dependency, parameter.Locations[0], type.Name, parameter.Type.Name, instead));
            if (parameter.Type is INamedTypeSymbol { TypeKind: TypeKind.Interface } activities && WhyNot(activities, known) is null) CheckActivities(context, known, activities, parameter);
        }
    }

    private static bool IsCopy(INamedTypeSymbol type, IMethodSymbol constructor) => constructor.Parameters.Length == 1 && type.IsRecord && SymbolEqualityComparer.Default.Equals(constructor.Parameters[0].Type, type);

    private static string? WhyNot(ITypeSymbol type, KnownTypes known)
    {
        if (type.Is(known.Context) || type.Is(known.TimeProvider) || type.Is(known.Random)) return null;
        if (type.ContainingNamespace?.ToDisplayString() is "Microsoft.Extensions.Logging" && type.Name == "ILogger") return null;
        if (type.Name.StartsWith("IOptions", StringComparison.Ordinal) && type.ContainingNamespace?.ToDisplayString() == "Microsoft.Extensions.Options")
            return "Options would be written into histories, secrets included: read them in an activity, or pass the value as an argument of [Run]";
        if (type.Name is "IServiceProvider" or "IServiceScopeFactory" or "IConfiguration" or "IHttpClientFactory" or "ILoggerFactory" or "IMemoryCache")
            return "Workflow code is replayed and may not resolve services: use it in an activity or a step";
        if (type.TypeKind == TypeKind.Interface && !type.Name.StartsWith("IEnumerable", StringComparison.Ordinal)) return null;
        return "A workflow may ask for WorkflowContext, registered activity interfaces, ILogger<T>, TimeProvider and Random; everything else belongs into activities or steps";
    }

    // The interface is code of this compilation if it has a place in it; others are the business of their own.
    private static void CheckActivities(SymbolAnalysisContext context, KnownTypes known, INamedTypeSymbol activities, IParameterSymbol parameter)
    {
        if (!SymbolEqualityComparer.Default.Equals(activities.ContainingAssembly, context.Compilation.Assembly)) return;
        foreach (var method in activities.AllInterfaces.Add(activities).SelectMany(contract => contract.GetMembers()).OfType<IMethodSymbol>())
        {
            if (method.MethodKind != MethodKind.Ordinary || method.IsStatic) continue;
            var where = method.Locations.FirstOrDefault(place => place.IsInSource) ?? parameter.Locations[0];
            if (!method.ReturnType.IsTask(known)) context.ReportDiagnostic(Diagnostic.Create(ShapeRules.Shape, where, method.Display(), "An activity returns Task or Task<T>"));
            if (method.IsGenericMethod) context.ReportDiagnostic(Diagnostic.Create(ShapeRules.Shape, where, method.Display(), "An activity is not generic: stored calls have concrete types"));
            foreach (var argument in method.Parameters)
                if (!argument.Type.Is(known.CancellationToken)) Stored(context, known, argument, argument.Type, argument.Name);
            if (method.ReturnType is INamedTypeSymbol { TypeArguments.Length: 1 } task) Stored(context, known, method, task.TypeArguments[0], "The result of " + method.Display());
        }
    }

    private static void Stored(SymbolAnalysisContext context, KnownTypes known, ISymbol where, ITypeSymbol type, string what)
    {
        if (JsonShape.Fault(type, known) is { } fault) context.ReportDiagnostic(Diagnostic.Create(ShapeRules.NotStored, where.Locations[0], what, fault));
    }

    private static void Say(SymbolAnalysisContext context, ISymbol member, string fault) =>
        context.ReportDiagnostic(Diagnostic.Create(ShapeRules.Shape, member.Locations[0], member is IParameterSymbol ? member.Name : member.Display(), fault));
}
