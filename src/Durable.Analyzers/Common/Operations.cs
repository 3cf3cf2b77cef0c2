// Questions about operations that several rules ask.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Durable.Analyzers.Common;

/// <summary>Extension methods over operations.</summary>
internal static class Operations
{
    /// <summary>The operation without conversions, delegate creations and parentheses around it.</summary>
    public static IOperation Bare(this IOperation operation)
    {
        while (true)
        {
            switch (operation)
            {
                case IConversionOperation conversion: operation = conversion.Operand; break;
                case IDelegateCreationOperation creation: operation = creation.Target; break;
                case IParenthesizedOperation parenthesized: operation = parenthesized.Operand; break;
                default: return operation;
            }
        }
    }

    /// <summary>The local, parameter, field or property that an operation names, or null.</summary>
    public static ISymbol? Named(this IOperation? operation) => operation?.Bare() switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation field => field.Field,
        IPropertyReferenceOperation property => property.Property,
        IArrayElementReferenceOperation element => element.ArrayReference.Named(),
        _ => null,
    };

    /// <summary>The argument of the parameter with that type, or null if there is none or it is left to its default.</summary>
    public static IArgumentOperation? Argument(this IEnumerable<IArgumentOperation> arguments, string type)
    {
        foreach (var argument in arguments)
            if (argument.Parameter?.Type.Name == type && argument.ArgumentKind != ArgumentKind.DefaultValue) return argument;
        return null;
    }

    /// <summary>True for <c>default</c>, <c>CancellationToken.None</c> and the like.</summary>
    public static bool IsDefault(this IOperation operation) => operation.Bare() is IDefaultValueOperation or IPropertyReferenceOperation { Property.Name: "None", Instance: null };

    /// <summary>The length of time that an expression gives, where it can be told from its text.</summary>
    public static TimeSpan? TimeOf(this IOperation operation)
    {
        var bare = operation.Bare();
        if (bare.ConstantValue is { HasValue: true, Value: int milliseconds }) return TimeSpan.FromMilliseconds(milliseconds);
        if (bare is IFieldReferenceOperation { Field: { IsStatic: true, Name: "InfiniteTimeSpan" } }) return TimeSpan.FromMilliseconds(-1);
        if (bare is IFieldReferenceOperation { Field: { IsStatic: true, Name: "Zero", ContainingType.Name: "TimeSpan" } }) return TimeSpan.Zero;
        if (bare is IFieldReferenceOperation { Field: { IsStatic: true, Name: "MaxValue", ContainingType.Name: "TimeSpan" } }) return TimeSpan.MaxValue;
        if (bare is not IInvocationOperation { TargetMethod: { ContainingType.Name: "TimeSpan", IsStatic: true } method } call || call.Arguments.Length == 0) return null;
        var unit = method.Name switch
        {
            "FromDays" => TimeSpan.TicksPerDay, "FromHours" => TimeSpan.TicksPerHour, "FromMinutes" => TimeSpan.TicksPerMinute,
            "FromSeconds" => TimeSpan.TicksPerSecond, "FromMilliseconds" => TimeSpan.TicksPerMillisecond, _ => 0d,
        };
        if (unit == 0 || call.Arguments[0].Value.Bare().ConstantValue is not { HasValue: true, Value: { } value } || value is not (int or long or double)) return null;
        var ticks = Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture) * unit;
        return Math.Abs(ticks) >= long.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>What a local or field was made from, where there is one initializer in sight.</summary>
    public static IOperation? Origin(this IOperation? operation, IEnumerable<IOperation> blocks)
    {
        switch (operation?.Bare())
        {
            case ILocalReferenceOperation reference:
                foreach (var block in blocks)
                    foreach (var inner in block.DescendantsAndSelf())
                        if (inner is IVariableDeclaratorOperation { Initializer: { } initializer } declarator && SymbolEqualityComparer.Default.Equals(declarator.Symbol, reference.Local)) return initializer.Value.Bare();
                return null;
            case { } other:
                return other;
            default:
                return null;
        }
    }

    /// <summary>True if a name stands anywhere below.</summary>
    public static bool Mentions(this IOperation operation, ISymbol symbol)
    {
        foreach (var inner in operation.DescendantsAndSelf())
        {
            var named = inner switch
            {
                ILocalReferenceOperation local => (ISymbol)local.Local,
                IParameterReferenceOperation parameter => parameter.Parameter,
                IFieldReferenceOperation field => field.Field,
                IPropertyReferenceOperation property => property.Property,
                _ => null,
            };
            if (SymbolEqualityComparer.Default.Equals(named, symbol)) return true;
        }

        return false;
    }
}
