// Finds what may not stand in workflow code: in workflow classes, and in everything that they call within the compilation.
using System.Collections.Concurrent;
using System.Collections.Immutable;
using Durable.Analyzers.Common;
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Durable.Analyzers.Code;

/// <summary>
/// Each body is walked once. A workflow class is judged when it is complete, so that editors show it while one types; what it calls elsewhere is judged
/// at the end of the compilation, and says who calls it.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class WorkflowCodeAnalyzer : DiagnosticAnalyzer
{
    private static readonly ImmutableDictionary<string, DiagnosticDescriptor> Twins = CodeRules.All.ToImmutableDictionary(rule => rule.Id, TwinOf);

    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [.. CodeRules.All, .. Twins.Values];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (KnownTypes.Of(start.Compilation) is not { } known) return;
            var state = new State(known, start.Compilation);
            start.RegisterSymbolStartAction(state.StartType, SymbolKind.NamedType);
            start.RegisterOperationBlockAction(state.VisitElsewhere);
            start.RegisterCompilationEndAction(state.End);
        });
    }

    // Rules of helpers are reported at the end of the compilation, and editors want to know that beforehand.
    private static DiagnosticDescriptor TwinOf(DiagnosticDescriptor rule) => new(rule.Id, rule.Title, rule.MessageFormat + " It is workflow code because {2} calls it.", rule.Category,
        rule.DefaultSeverity, rule.IsEnabledByDefault, rule.Description, rule.HelpLinkUri, WellKnownDiagnosticTags.CompilationEnd);

    private sealed class State(KnownTypes known, Compilation compilation)
    {
        private readonly Workflows workflows = new(known);
        private readonly ApiIndex apis = new();
        private readonly ConcurrentDictionary<ISymbol, ConcurrentBag<BodyFacts>> facts = new(SymbolEqualityComparer.Default);
        private readonly ConcurrentDictionary<ISymbol, ISymbol> leaving = new(SymbolEqualityComparer.Default);      // called by a workflow class, and who calls it
        private readonly ConcurrentDictionary<BodyFacts, bool> reported = new();

        public void StartType(SymbolStartAnalysisContext context)
        {
            if (context.Symbol is not INamedTypeSymbol type || !workflows.IsWorkflow(type)) return;
            var own = new ConcurrentBag<BodyFacts>();
            context.RegisterOperationBlockAction(block => own.Add(Visit(block)));
            context.RegisterSymbolEndAction(end => Judge(own, end.ReportDiagnostic));
        }

        public void VisitElsewhere(OperationBlockAnalysisContext context)
        {
            if (context.OwningSymbol.ContainingType is not { } type || !workflows.IsWorkflow(type)) Visit(context);
        }

        // From the entries of the class along its own calls; calls that leave it are followed when all bodies are known.
        private void Judge(ConcurrentBag<BodyFacts> own, Action<Diagnostic> report)
        {
            var bodies = own.ToLookup(body => KeyOf(body.Owner), SymbolEqualityComparer.Default);
            var seen = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
            var open = new Stack<ISymbol>(own.Where(body => workflows.IsEntry(body.Owner)).Select(body => KeyOf(body.Owner)));
            while (open.Count > 0)
            {
                var owner = open.Pop();
                if (!seen.Add(owner)) continue;
                foreach (var body in bodies[owner])
                {
                    if (!reported.TryAdd(body, true)) continue;
                    foreach (var hit in body.Hits) report(hit.Direct());
                    foreach (var call in body.Calls)
                    {
                        if (bodies.Contains(call)) open.Push(call);
                        else leaving.TryAdd(call, owner);
                    }
                }
            }
        }

        public void End(CompilationAnalysisContext context)
        {
            var open = new Queue<KeyValuePair<ISymbol, ISymbol>>(leaving.OrderBy(call => call.Key.ToDisplayString(), StringComparer.Ordinal));
            var seen = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
            while (open.Count > 0)
            {
                var (called, from) = (open.Peek().Key, open.Dequeue().Value);
                if (!seen.Add(called) || !facts.TryGetValue(called, out var bodies)) continue;
                foreach (var body in bodies)
                {
                    if (!reported.TryAdd(body, true)) continue;
                    foreach (var hit in body.Hits) context.ReportDiagnostic(hit.Reached(Twins[hit.Rule.Id], from.Display()));
                    foreach (var call in body.Calls) open.Enqueue(new KeyValuePair<ISymbol, ISymbol>(call, from));
                }
            }
        }

        private BodyFacts Visit(OperationBlockAnalysisContext context)
        {
            var owner = context.OwningSymbol.OriginalDefinition;
            var walker = new BodyWalker(new BodyScope(known, apis, workflows, compilation, owner, context.OperationBlocks));
            foreach (var block in context.OperationBlocks) walker.Visit(block);
            var body = walker.Facts();
            facts.GetOrAdd(KeyOf(owner), static _ => []).Add(body);
            return body;
        }

        // Initializers of fields run with the constructors, so a type that is made runs them: they are kept under the type.
        private static ISymbol KeyOf(ISymbol owner) => !owner.IsStatic && owner is IFieldSymbol or IPropertySymbol or IMethodSymbol { MethodKind: MethodKind.Constructor } ? owner.ContainingType : owner;
    }
}
