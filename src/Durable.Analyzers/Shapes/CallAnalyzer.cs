// Checks calls of the library anywhere: expressions that name one member, registrations, types that are stored by a call.
using System.Collections.Immutable;
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Shapes;

/// <summary>DUR6040 and DUR6043 at calls, DUR6044, DUR6045.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class CallAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [ShapeRules.MissingRun, ShapeRules.NotStored, ShapeRules.CallShape, ShapeRules.ActivityClass];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (KnownTypes.Of(start.Compilation) is not { } known) return;
            var workflows = new Workflows(known);
            start.RegisterOperationAction(operation => Check(operation, known, workflows), OperationKind.Invocation);
        });
    }

    private static void Check(OperationAnalysisContext context, KnownTypes known, Workflows workflows)
    {
        var call = (IInvocationOperation)context.Operation;
        var method = call.TargetMethod;
        if (!SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, known.Context.ContainingAssembly)) return;
        foreach (var argument in call.Arguments)
            if (argument.Parameter?.OriginalDefinition.Type.Is(known.Expression) == true && argument.Value.Bare() is IAnonymousFunctionOperation lambda) Expression(context, method, lambda);
        switch (method.Name)
        {
            case "AddWorkflow" when method.TypeArguments is { Length: 1 } && method.TypeArguments[0] is INamedTypeSymbol { TypeKind: TypeKind.Class } type && !workflows.IsWorkflow(type):
                context.ReportDiagnostic(Diagnostic.Create(ShapeRules.MissingRun, call.Syntax.GetLocation(), type.Name, "Mark the method that runs it: [Run] public async Task RunAsync(…)"));
                break;
            case "AddActivities" when method.TypeArguments is { Length: > 0 } && method.TypeArguments[0].TypeKind == TypeKind.Class:
                context.ReportDiagnostic(Diagnostic.Create(ShapeRules.ActivityClass, call.Syntax.GetLocation(), method.TypeArguments[0].Name, "Declare the variable as the interface, or name it: AddActivities<IName, Implementation>()"));
                break;
            case "StepAsync" or "TransactAsync" or "CreateMailbox" or "CreatePromise":
                Stored(context, known, call);
                break;
        }
    }

    // w => w.Member(arguments), or () => Member(arguments) for ContinueAsNew.
    private static void Expression(OperationAnalysisContext context, IMethodSymbol verb, IAnonymousFunctionOperation lambda)
    {
        var body = lambda.Body.Operations.Length > 0 ? lambda.Body.Operations[0] : null;
        var value = body switch
        {
            IReturnOperation { ReturnedValue: { } returned } => returned.Bare(),
            IExpressionStatementOperation statement => statement.Operation.Bare(),
            _ => null,
        };
        var instance = value switch
        {
            IInvocationOperation call => call.Instance,
            IPropertyReferenceOperation property => property.Instance,
            _ => null,
        };
        var parameter = lambda.Symbol.Parameters.FirstOrDefault();
        var fine = parameter is null ? instance is not null && value is IInvocationOperation : instance?.Bare() is IParameterReferenceOperation reference && SymbolEqualityComparer.Default.Equals(reference.Parameter, parameter);
        if (fine && value is IInvocationOperation { Arguments: var arguments } && parameter is not null) fine = !arguments.Any(argument => argument.Mentions(parameter));
        if (fine) return;
        var form = parameter is null ? "() => RunAsync(…)" : $"{parameter.Name} => {parameter.Name}.Member(…)";
        context.ReportDiagnostic(Diagnostic.Create(ShapeRules.CallShape, lambda.Syntax.GetLocation(), verb.Name, $"Write {form} and compute everything else in a local variable first"));
    }

    private static void Stored(OperationAnalysisContext context, KnownTypes known, IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.TypeArguments.Length == 0) return;
        var last = method.TypeArguments.Length - 1;
        if (method.TypeParameters[last].Name is not ("TResult" or "T") || JsonShape.Fault(method.TypeArguments[last], known) is not { } fault) return;
        context.ReportDiagnostic(Diagnostic.Create(ShapeRules.NotStored, call.Syntax.GetLocation(), "What " + method.Name + " gives", fault));
    }
}
