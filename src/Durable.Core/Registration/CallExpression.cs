// Reads a call like w => w.RunAsync(order) without compiling it: 1 µs where Compile() costs 66.
using System.Linq.Expressions;
using System.Reflection;

namespace Durable.Engine.Registration;

/// <summary>The member that a call expression names, with its arguments.</summary>
/// <param name="Member">Method or property getter's property.</param>
/// <param name="Arguments">The values of the arguments.</param>
internal readonly record struct CallExpression(MemberInfo Member, object?[] Arguments)
{
    /// <summary>Reads <c>w => w.Method(arguments)</c>.</summary>
    /// <exception cref="DurableException">DUR2000: the expression is anything else.</exception>
    public static CallExpression OfMethod(LambdaExpression lambda, string verb)
    {
        var body = Strip(lambda.Body);
        if (body is not MethodCallExpression call || (lambda.Parameters.Count > 0 ? call.Object is null || Strip(call.Object) != lambda.Parameters[0] : call.Object is null))
            throw Refused(lambda, verb, lambda.Parameters.Count > 0 ? $"{lambda.Parameters[0].Name} => {lambda.Parameters[0].Name}.Method(arguments)" : "() => Method(arguments)");
        var arguments = new object?[call.Arguments.Count];
        for (var i = 0; i < arguments.Length; i++) arguments[i] = Evaluate(call.Arguments[i], lambda, verb);
        return new CallExpression(call.Method, arguments);
    }

    /// <summary>Reads <c>w => w.Property</c> or <c>w => w.Method(arguments)</c>.</summary>
    public static CallExpression OfMember(LambdaExpression lambda, string verb)
    {
        if (Strip(lambda.Body) is MemberExpression { Member: PropertyInfo property, Expression: { } target } && Strip(target) == lambda.Parameters[0])
            return new CallExpression(property, []);
        return OfMethod(lambda, verb);
    }

    private static Expression Strip(Expression node)
    {
        while (node is UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked or ExpressionType.Quote } unary) node = unary.Operand;
        return node;
    }

    private static object? Evaluate(Expression node, LambdaExpression lambda, string verb)
    {
        switch (node)
        {
            case ConstantExpression constant:
                return constant.Value;
            case MemberExpression { Member: FieldInfo field, Expression: null or ConstantExpression or MemberExpression } member when Owner(member, out var owner):
                return field.GetValue(owner);
            case UnaryExpression { NodeType: ExpressionType.Convert } convert when convert.Type.IsAssignableFrom(convert.Operand.Type) && !convert.Type.IsValueType:
                return Evaluate(convert.Operand, lambda, verb);
            default:
                if (new ParameterFinder(lambda.Parameters).Found(node)) throw Refused(lambda, verb, "arguments that do not use the lambda's own parameter");
                return Expression.Lambda<Func<object?>>(Expression.Convert(node, typeof(object))).Compile(preferInterpretation: true)();
        }
    }

    // The object whose field is read: a chain of closure fields that ends at a constant.
    private static bool Owner(MemberExpression member, out object? owner)
    {
        owner = null;
        switch (member.Expression)
        {
            case null:
                return true;
            case ConstantExpression constant:
                owner = constant.Value;
                return owner is not null;
            case MemberExpression { Member: FieldInfo field } inner when Owner(inner, out var outer):
                owner = field.GetValue(outer);
                return owner is not null;
            default:
                return false;
        }
    }

    private static DurableException Refused(LambdaExpression lambda, string verb, string shape) => new(DurableErrorCodes.RequestInvalid,
        $"{verb} was given '{lambda}'. It takes one call on the lambda's own parameter, in the form '{shape}'; compute everything else in a local variable first.");

    private sealed class ParameterFinder(IReadOnlyList<ParameterExpression> parameters) : ExpressionVisitor
    {
        private bool found;

        public bool Found(Expression node)
        {
            Visit(node);
            return found;
        }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            found |= parameters.Contains(node);
            return node;
        }
    }
}
