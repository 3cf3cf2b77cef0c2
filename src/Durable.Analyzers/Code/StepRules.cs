// Steps: their delegates are no workflow code, but they may not use the run either; and their names.
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Code;

/// <summary>DUR6030, DUR6031, DUR6032.</summary>
internal sealed class StepRules
{
    private readonly BodyScope scope;
    private readonly HashSet<ISymbol> stepLocals = new(SymbolEqualityComparer.Default);
    private readonly List<(string Name, IInvocationOperation Call)> names = [];

    public StepRules(BodyScope scope)
    {
        this.scope = scope;
        var bodies = new List<IOperation>();
        foreach (var operation in scope.Blocks.SelectMany(block => block.Descendants()))
        {
            if (operation is not IInvocationOperation call || !TakesStep(call)) continue;
            foreach (var argument in call.Arguments)
            {
                if (!IsStepArgument(call, argument)) continue;
                bodies.Add(argument.Value);
                if (LocalOf(argument.Value.Bare()) is { } local) stepLocals.Add(local);
            }
        }

        if (bodies.Count > 0) FindHelpers(bodies);
    }

    /// <summary>True for StepAsync and TransactAsync, and for helpers that give a delegate of their caller to them.</summary>
    public bool TakesStep(IInvocationOperation call) => IsStep(call) || call.TargetMethod.Parameters.Any(parameter => parameter.Type.TypeKind == TypeKind.Delegate && HandsOn(parameter));

    /// <summary>True for the delegate of such a call.</summary>
    public bool IsStepArgument(IInvocationOperation call, IArgumentOperation argument) =>
        argument.Parameter is { Type.TypeKind: TypeKind.Delegate } parameter && (IsStep(call) || HandsOn(parameter));

    /// <summary>True for a local variable or function that is given to a step.</summary>
    public bool IsStepLocal(ISymbol local) => stepLocals.Contains(local);

    /// <summary>Looks at one step: its delegate and its name.</summary>
    public void Invocation(IInvocationOperation call)
    {
        foreach (var argument in call.Arguments)
        {
            if (IsStepArgument(call, argument) && LocalOf(argument.Value.Bare()) is null) Body(argument.Value);
            if (IsStep(call) && argument.Parameter is { Name: "name" } && argument.Value.ConstantValue is { HasValue: true, Value: string name }) Remember(name, call);
        }
    }

    /// <summary>Looks into the body of a step.</summary>
    public void Body(IOperation body)
    {
        foreach (var operation in body.DescendantsAndSelf())
        {
            if (operation is IAssignmentOperation or IIncrementOrDecrementOperation) Assignment(body, operation);
            if (operation is IInvocationOperation { Instance: { } changed } call && StateRules.IsChange(call.TargetMethod) && OfRun(body, changed.Bare()) is { } state)
                scope.Report(CodeRules.StepChangesRun, operation, state.Name, "the result of the step");
            if (operation is IFieldReferenceOperation or IPropertyReferenceOperation or IParameterReferenceOperation or ILocalReferenceOperation) Use(body, operation);
        }
    }

    private bool IsStep(IInvocationOperation call) => call.TargetMethod.Name is "StepAsync" or "TransactAsync" && call.TargetMethod.ContainingType.IsOrDerives(scope.Known.Context);

    // A helper such as Recorded(name, work) => workflow.StepAsync(name, work): told from its text, since its body may be anywhere in the compilation.
    private static bool HandsOn(IParameterSymbol parameter)
    {
        if (parameter.ContainingSymbol is not IMethodSymbol { DeclaringSyntaxReferences: { Length: 1 } references }) return false;
        foreach (var call in references[0].GetSyntax().DescendantNodes().OfType<InvocationExpressionSyntax>())
        {
            var name = call.Expression switch
            {
                MemberAccessExpressionSyntax { Name.Identifier.ValueText: var member } => member,
                SimpleNameSyntax { Identifier.ValueText: var simple } => simple,
                _ => null,
            };
            if (name is "StepAsync" or "TransactAsync" && call.ArgumentList.DescendantNodes().OfType<IdentifierNameSyntax>().Any(word => word.Identifier.ValueText == parameter.Name)) return true;
        }

        return false;
    }

    // Local functions that only steps call are part of the steps.
    private void FindHelpers(List<IOperation> bodies)
    {
        var outside = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        var inside = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (var call in scope.Blocks.SelectMany(block => block.Descendants()).OfType<IInvocationOperation>())
            if (call.TargetMethod.MethodKind == MethodKind.LocalFunction) (bodies.Any(body => body.Syntax.Span.Contains(call.Syntax.Span)) ? inside : outside).Add(call.TargetMethod);
        inside.ExceptWith(outside);
        stepLocals.UnionWith(inside);
    }

    private static ISymbol? LocalOf(IOperation argument) => argument switch
    {
        ILocalReferenceOperation local => local.Local,
        IMethodReferenceOperation { Method: { MethodKind: MethodKind.LocalFunction } function } => function,
        _ => null,
    };

    private void Assignment(IOperation body, IOperation operation)
    {
        var target = (operation is IAssignmentOperation assignment ? assignment.Target : ((IIncrementOrDecrementOperation)operation).Target).Bare();
        var changed = target switch
        {
            ILocalReferenceOperation { Local: var local } when IsOutside(body, local) => local,
            IParameterReferenceOperation { Parameter: var parameter } when IsOutside(body, parameter) => parameter,
            _ => OfRun(body, target),
        };
        if (changed is not null && !IsInitializer(operation)) scope.Report(CodeRules.StepChangesRun, operation, changed.Name, "the result of the step");
    }

    // Object initializers assign members of what they make.
    private static bool IsInitializer(IOperation operation) => operation.Parent is IObjectOrCollectionInitializerOperation;

    // A field or property of the workflow object itself.
    private ISymbol? OfRun(IOperation body, IOperation target) => target switch
    {
        IFieldReferenceOperation { Field: { IsStatic: false } field, Instance: IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } } when InWorkflow() => field,
        IPropertyReferenceOperation { Property: { IsStatic: false } property, Instance: IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } } when InWorkflow() => property,
        IParameterReferenceOperation { Parameter: var parameter } when InWorkflow() && IsOutside(body, parameter) && parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.Constructor } => parameter,
        _ => null,
    };

    private bool InWorkflow() => scope.Owner.ContainingType is { } type && scope.Workflows.IsWorkflow(type);

    private static bool IsOutside(IOperation body, ISymbol symbol) => symbol.DeclaringSyntaxReferences is { Length: 1 } declared
        && (declared[0].SyntaxTree != body.Syntax.SyntaxTree || !body.Syntax.FullSpan.Contains(declared[0].Span));

    private void Use(IOperation body, IOperation reference)
    {
        var (symbol, type) = reference switch
        {
            IFieldReferenceOperation field => (field.Field, field.Type),
            IPropertyReferenceOperation property => (property.Property, property.Type),
            IParameterReferenceOperation parameter => (parameter.Parameter, parameter.Type),
            ILocalReferenceOperation local => ((ISymbol)local.Local, local.Type),
            _ => (null!, null),
        };
        if (symbol.IsStatic || type is null || !OfEngine(type)) return;
        if (symbol is ILocalSymbol or IParameterSymbol && !IsOutside(body, symbol)) return;
        if (reference.Parent is IPropertyReferenceOperation { Property.Name: "Info" }) return;      // who the run is never changes
        if (reference is IPropertyReferenceOperation or IFieldReferenceOperation && ((IMemberReferenceOperation)reference).Instance is not IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }) return;
        scope.Report(CodeRules.StepUsesRun, reference, symbol.Name, type.IsOrDerives(scope.Known.Random) || type.IsOrDerives(scope.Known.TimeProvider)
            ? "a value that was read before the step" : "the step's own service parameter, or call it outside of the step");
    }

    private bool OfEngine(ITypeSymbol type)
    {
        if (type.IsOrDerives(scope.Known.Context) || type.IsOrDerives(scope.Known.Mailbox)) return true;
        if (type.Name is "Saga" or "Promise" or "ExternalRun" or "ChildRun" && type.ContainingNamespace is { Name: "Durable", ContainingNamespace.IsGlobalNamespace: true }) return true;
        return InWorkflow() && (type.Is(scope.Known.TimeProvider) || type.Is(scope.Known.Random) || IsProxy(type));
    }

    // A workflow's constructor gets interfaces only as activities; loggers aside.
    private bool IsProxy(ITypeSymbol type) => type.TypeKind == TypeKind.Interface && type.ContainingNamespace?.ToDisplayString() != "Microsoft.Extensions.Logging"
        && scope.Owner.ContainingType.InstanceConstructors.Any(constructor => constructor.Parameters.Any(parameter => SymbolEqualityComparer.Default.Equals(parameter.Type, type)));

    private void Remember(string name, IInvocationOperation call)
    {
        foreach (var (other, earlier) in names)
        {
            if (other != name || Excludes(earlier, call)) continue;
            scope.Report(CodeRules.SameStepName, call, name, "a name of its own for each");
            return;
        }

        names.Add((name, call));
    }

    // True if no path runs both: they stand in different arms of a condition or switch, in different functions, or a return parts them.
    private static bool Excludes(IOperation first, IOperation second)
    {
        for (IOperation arm = first; arm.Parent is { } parent; arm = parent)
        {
            var common = parent.Syntax.FullSpan.Contains(second.Syntax.Span);
            if (parent is IAnonymousFunctionOperation or ILocalFunctionOperation && !common) return true;
            if (!common && parent is IBlockOperation block && block.Operations.Any(statement => statement is IReturnOperation or IThrowOperation or IBranchOperation)) return true;
            if (!common) continue;
            return parent switch
            {
                IConditionalOperation condition => arm != condition.Condition && !condition.Condition.Syntax.FullSpan.Contains(second.Syntax.Span),
                ISwitchOperation or ISwitchExpressionOperation or ITryOperation or ICoalesceOperation => true,
                _ => arm is IReturnOperation,
            };
        }

        return true;
    }
}
