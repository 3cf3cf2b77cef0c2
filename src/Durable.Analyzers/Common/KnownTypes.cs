// The types of Durable.Core and of the base library that the rules ask about, looked up once per compilation.
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Common;

/// <summary>Symbols of one compilation.</summary>
internal sealed class KnownTypes
{
    private KnownTypes(Compilation compilation, INamedTypeSymbol context)
    {
        Context = context;
        Member = Durable("WorkflowMemberAttribute");
        Run = Durable("RunAttribute");
        Signal = Durable("SignalAttribute");
        Query = Durable("QueryAttribute");
        Update = Durable("UpdateAttribute");
        Workflow = Durable("WorkflowAttribute");
        Activity = Durable("ActivityAttribute");
        Mailbox = Durable("Mailbox`1");
        Client = Durable("DurableClient");
        Builder = Durable("DurableBuilder");
        Task = Find("System.Threading.Tasks.Task");
        TaskOf = Find("System.Threading.Tasks.Task`1");
        TimeProvider = Find("System.TimeProvider");
        Random = Find("System.Random");
        Expression = Find("System.Linq.Expressions.Expression`1");
        CancellationToken = Find("System.Threading.CancellationToken");

        INamedTypeSymbol? Find(string name) => compilation.GetTypeByMetadataName(name);
        INamedTypeSymbol? Durable(string name) => context.ContainingAssembly.GetTypeByMetadataName("Durable." + name);
    }

    public INamedTypeSymbol Context { get; }

    public INamedTypeSymbol? Member { get; }

    public INamedTypeSymbol? Run { get; }

    public INamedTypeSymbol? Signal { get; }

    public INamedTypeSymbol? Query { get; }

    public INamedTypeSymbol? Update { get; }

    public INamedTypeSymbol? Workflow { get; }

    public INamedTypeSymbol? Activity { get; }

    public INamedTypeSymbol? Mailbox { get; }

    public INamedTypeSymbol? Client { get; }

    public INamedTypeSymbol? Builder { get; }

    public INamedTypeSymbol? Task { get; }

    public INamedTypeSymbol? TaskOf { get; }

    public INamedTypeSymbol? TimeProvider { get; }

    public INamedTypeSymbol? Random { get; }

    public INamedTypeSymbol? Expression { get; }

    public INamedTypeSymbol? CancellationToken { get; }

    /// <summary>The types, or null where Durable.Core is not referenced: then there is nothing to look at.</summary>
    public static KnownTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("Durable.WorkflowContext") is { ContainingAssembly.Name: "Durable.Core" } context ? new KnownTypes(compilation, context) : null;
}
