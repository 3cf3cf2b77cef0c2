// A fake of an activity interface in one line: answers that a test gives, else empty ones; every call is kept.
using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace Durable.Testing;

/// <summary>
/// A fake of an interface of activities. What no answer was given for succeeds with an empty result: null, zero, an empty text. Calls are kept.
/// </summary>
/// <typeparam name="TActivities">The interface.</typeparam>
/// <remarks>Make it outside the function that registers, so that a crash does not make it anew:
/// <example><code>
/// var payments = new ActivityFake&lt;IPayments&gt;().Returns(p => p.ChargeAsync("", 0), "charge-1");
/// await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow&lt;OrderWorkflow&gt;().AddFake(payments));
/// </code></example>
/// The arguments in the expression are not looked at: it only names the method.
/// </remarks>
public sealed class ActivityFake<TActivities> where TActivities : class
{
    private readonly ConcurrentDictionary<MethodInfo, Func<FakeCall, object?>> answers = new();
    private readonly ConcurrentQueue<FakeCall> calls = new();

    /// <summary>All calls so far, in the order in which their attempts began.</summary>
    public IReadOnlyList<FakeCall> Calls => [.. calls];

    /// <summary>Gives a method a result.</summary>
    /// <typeparam name="T">Type of the result.</typeparam>
    /// <param name="method">A call of the method.</param>
    /// <param name="result">The result.</param>
    /// <returns>This fake.</returns>
    public ActivityFake<TActivities> Returns<T>(Expression<Func<TActivities, Task<T>>> method, T result) => Set(method, _ => Task.FromResult(result));

    /// <summary>Computes a method's result from the call. What it throws is the attempt's failure.</summary>
    /// <typeparam name="T">Type of the result.</typeparam>
    /// <param name="method">A call of the method.</param>
    /// <param name="answer">Makes the result.</param>
    /// <returns>This fake.</returns>
    public ActivityFake<TActivities> Answers<T>(Expression<Func<TActivities, Task<T>>> method, Func<FakeCall, Task<T>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Set(method, answer);
    }

    /// <summary>Runs something in place of a method without a result.</summary>
    /// <param name="method">A call of the method.</param>
    /// <param name="answer">What it does.</param>
    /// <returns>This fake.</returns>
    public ActivityFake<TActivities> Does(Expression<Func<TActivities, Task>> method, Func<FakeCall, Task> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Set(method, answer);
    }

    /// <summary>Lets attempts of a method fail.</summary>
    /// <param name="method">A call of the method.</param>
    /// <param name="error">What each of them throws.</param>
    /// <param name="times">How many of them; those after it get the answer given before, or the empty one. Default: all.</param>
    /// <returns>This fake.</returns>
    public ActivityFake<TActivities> Fails(Expression<Func<TActivities, Task>> method, Exception error, int times = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(error);
        var name = MethodOf(method);
        var (before, left) = (answers.GetValueOrDefault(name), times);
        answers[name] = call => Interlocked.Decrement(ref left) >= 0 ? throw error : before is null ? Empty(name) : before(call);
        return this;
    }

    /// <summary>How often a method was called, attempts that failed included.</summary>
    /// <param name="method">A call of the method.</param>
    public int Count(Expression<Func<TActivities, Task>> method)
    {
        var name = MethodOf(method).Name;
        return calls.Count(call => call.Method == name);
    }

    internal TActivities For(ActivityContext attempt)
    {
        var proxy = DispatchProxy.Create<TActivities, FakeProxy>();
        ((FakeProxy)(object)proxy).Answer = (method, arguments) => Answer(method, arguments, attempt);
        return proxy;
    }

    private object? Answer(MethodInfo method, object?[] arguments, ActivityContext attempt)
    {
        var call = new FakeCall(method.Name, arguments, attempt.IdempotencyKey);
        calls.Enqueue(call);
        return answers.TryGetValue(method, out var answer) ? answer(call) : Empty(method);
    }

    private ActivityFake<TActivities> Set(LambdaExpression method, Func<FakeCall, object?> answer)
    {
        answers[MethodOf(method)] = answer;
        return this;
    }

    private static MethodInfo MethodOf(LambdaExpression method)
    {
        ArgumentNullException.ThrowIfNull(method);
        var body = method.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : method.Body;
        return body is MethodCallExpression { Object: ParameterExpression } call ? call.Method : throw new ArgumentException($"'{method}' is not one call of a method of {typeof(TActivities).Name}.", nameof(method));
    }

    private static object Empty(MethodInfo method)
    {
        if (method.ReturnType == typeof(Task)) return Task.CompletedTask;
        var type = method.ReturnType.GetGenericArguments()[0];
        return typeof(ActivityFake<TActivities>).GetMethod(nameof(EmptyOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null)!;
    }

    private static Task<T?> EmptyOf<T>() => Task.FromResult(typeof(T) == typeof(string) ? (T?)(object)"" : typeof(T).IsArray ? (T?)(object)Array.CreateInstance(typeof(T).GetElementType()!, 0) : default);
}
