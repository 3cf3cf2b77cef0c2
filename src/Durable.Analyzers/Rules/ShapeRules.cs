// Rules about the shape of workflow classes and of calls on them.
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Rules;

/// <summary>Rules about the shape of workflow classes and of calls on them.</summary>
internal static class ShapeRules
{
    private const string Category = "Durable";
    private const string Help = "https://github.com/example/durable/blob/main/docs/analyzers.md#";

    /// <summary>A workflow class needs one [Run] method.</summary>
    public static readonly DiagnosticDescriptor MissingRun = new("DUR6040", "A workflow class needs one [Run] method",
        "Workflow '{0}' has no [Run] method. {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6040");

    /// <summary>This member cannot be registered.</summary>
    public static readonly DiagnosticDescriptor Shape = new("DUR6041", "This member cannot be registered",
        "'{0}' cannot be registered. {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6041");

    /// <summary>A workflow constructor cannot get this.</summary>
    public static readonly DiagnosticDescriptor Dependency = new("DUR6042", "A workflow constructor cannot get this",
        "Workflow '{0}' asks for '{1}'. {2}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6042");

    /// <summary>This type cannot be stored as JSON.</summary>
    public static readonly DiagnosticDescriptor NotStored = new("DUR6043", "This type cannot be stored as JSON",
        "'{0}' is stored as JSON, but {1}", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6043");

    /// <summary>A call expression is one call.</summary>
    public static readonly DiagnosticDescriptor CallShape = new("DUR6044", "A call expression is one call",
        "{0} takes one call on the lambda's own parameter. {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6044");

    /// <summary>Activities are registered by their interface.</summary>
    public static readonly DiagnosticDescriptor ActivityClass = new("DUR6045", "Activities are registered by their interface",
        "AddActivities was given the class '{0}'. {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6045");

    /// <summary>All of them.</summary>
    public static readonly DiagnosticDescriptor[] All =
    [
        MissingRun, Shape, Dependency, NotStored, CallShape, ActivityClass,
    ];
}
