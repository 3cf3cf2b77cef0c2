// Calls as expressions: what is read, and what is refused with the form that is expected.
using System.Linq.Expressions;
using Durable.Engine.Registration;

namespace Durable.Core.Tests.Registration;

[TestFixture]
[Category("Pure")]
public sealed class CallExpressionTests
{
    private readonly int field = 5;
    private static readonly int Shared = 6;

    public interface IContract
    {
        Task<int> RunAsync(int number);
    }

    public sealed class Target : IContract
    {
        public int Value => 1;

        public int Field = 2;

        public Target Other => this;

        public Task<int> RunAsync(int number) => Task.FromResult(number);

        public Task<int> ManyAsync(object? a, string b = "default", params int[] rest) => Task.FromResult(0);

        public Task LongAsync(long number, decimal price, object boxed) => Task.CompletedTask;

        public void Poke(Target other) => _ = other;

        public static Task<int> StaticAsync(Target target) => Task.FromResult(0);
    }

    private sealed record Order(string Id, Address Address);

    private sealed class Address
    {
        public string City = "Ulm";

        public string Street { get; } = "Main";
    }

    [Test]
    public void Arguments_of_every_shape_are_evaluated()
    {
        var number = 3;
        var order = new Order("7", new Address());
        var array = new[] { 10, 20 };
        Assert.Multiple(() =>
        {
            Assert.That(Read(w => w.RunAsync(1)), Is.EqualTo(new object[] { 1 }), "constant");
            Assert.That(Read(w => w.RunAsync(number)), Is.EqualTo(new object[] { 3 }), "captured local");
            Assert.That(Read(w => w.RunAsync(field)), Is.EqualTo(new object[] { 5 }), "field of this");
            Assert.That(Read(w => w.RunAsync(Shared)), Is.EqualTo(new object[] { 6 }), "static field");
            Assert.That(Read(w => w.RunAsync(number + 1)), Is.EqualTo(new object[] { 4 }), "computed");
            Assert.That(Read(w => w.RunAsync(array[1])), Is.EqualTo(new object[] { 20 }), "array element");
            Assert.That(Read(w => w.RunAsync(Twice(number))), Is.EqualTo(new object[] { 6 }), "method call");
            Assert.That(Read(w => w.RunAsync(order.Id.Length)), Is.EqualTo(new object[] { 1 }), "property of a property");
            Assert.That(Read(w => w.ManyAsync(order.Address.City, order.Address.Street, new[] { 1, 2 }))[..2], Is.EqualTo(new object[] { "Ulm", "Main" }), "chain of fields and properties");
            Assert.That(Read(w => w.ManyAsync(null, $"n{number}", number, 2))[2], Is.EqualTo(new[] { 3, 2 }), "params and interpolation");
            Assert.That(Read(w => w.ManyAsync(number, "x", Array.Empty<int>()))[0], Is.EqualTo(3).And.TypeOf<int>(), "boxed");
            Assert.That(Read(w => w.ManyAsync(new { A = 1 }, default(string)!, new int[0]))[1], Is.Null, "default");
            Assert.That(Read(w => w.LongAsync(number, number, number)), Is.EqualTo(new object[] { 3L, 3m, 3 }), "converted to the parameter's type");
            Assert.That(Read(w => w.RunAsync((int)Math.Round(2.6))), Is.EqualTo(new object[] { 3 }), "cast");
            Assert.That(Read(w => w.RunAsync(number > 2 ? 1 : 2)), Is.EqualTo(new object[] { 1 }), "conditional");
        });
    }

    [Test]
    public void The_member_is_named_also_through_conversions_and_interfaces()
    {
        Expression<Func<Target, Task>> plain = w => w.RunAsync(1);
        Expression<Func<IContract, Task<int>>> contract = w => w.RunAsync(1);
        Expression<Func<Target, Task<int>>> cast = w => ((IContract)w).RunAsync(1);
        Expression<Func<Target, object>> boxed = w => w.Value;
        Expression<Action<Target>> action = w => w.Poke(null!);
        Assert.That(CallExpression.OfMethod(plain, "Start").Member.Name, Is.EqualTo("RunAsync"));
        Assert.That(CallExpression.OfMethod(contract, "Start").Member.DeclaringType, Is.EqualTo(typeof(IContract)));
        Assert.That(CallExpression.OfMethod(cast, "Start").Member.DeclaringType, Is.EqualTo(typeof(IContract)));
        Assert.That(CallExpression.OfMember(boxed, "Query").Member.Name, Is.EqualTo("Value"));
        Assert.That(CallExpression.OfMethod(action, "Signal").Arguments, Is.EqualTo(new object?[] { null }));
    }

    [Test]
    public void Continue_as_new_has_no_parameter()
    {
        var self = new Target();
        Expression<Func<Task<int>>> call = () => self.RunAsync(8);
        Assert.That((CallExpression.OfMethod(call, "ContinueAsNew").Member.Name, CallExpression.OfMethod(call, "ContinueAsNew").Arguments[0]), Is.EqualTo(("RunAsync", (object)8)));
    }

    [Test]
    public void Anything_else_is_refused_with_the_expected_form()
    {
        var other = new Target();
        Assert.Multiple(() =>
        {
            Refused<Task<int>>(w => other.RunAsync(1), "w => w.Method(arguments)");
            Refused<Task<int>>(w => w.Other.RunAsync(1), "w => w.Method(arguments)");
            Refused<Task<int>>(w => Target.StaticAsync(w), "w => w.Method(arguments)");
            Refused<Task<int>>(w => Task.FromResult(1), "w => w.Method(arguments)");
            Refused<int>(w => w.Value, "w => w.Method(arguments)");
            Refused<int>(w => 5, "w => w.Method(arguments)");
            Refused<Target>(w => w, "w => w.Method(arguments)");
            Refused<Task<int>>(w => w.RunAsync(w.Value), "do not use the lambda's own parameter");
            Refused<int>(w => w.RunAsync(1).Result, "w => w.Method(arguments)");
            Refused<Task<int>>(w => w.RunAsync(1).ContinueWith(t => t.Result), "w => w.Method(arguments)");
            Refused<Target>(w => new Target(), "w => w.Method(arguments)");
        });
        Expression<Func<Target, int>> field = w => w.Field;
        Assert.That(() => CallExpression.OfMember(field, "Query"), Throws.TypeOf<DurableException>());
        Expression<Func<Target, int>> foreign = w => other.Value;
        Assert.That(() => CallExpression.OfMember(foreign, "Query"), Throws.TypeOf<DurableException>());
        Expression<Func<Task<int>>> fixedCall = () => Task.FromResult(1);
        Assert.That(() => CallExpression.OfMethod(fixedCall, "ContinueAsNew"), Throws.TypeOf<DurableException>().With.Message.Contains("() => Method(arguments)"));
    }

    [Test]
    public void What_an_argument_throws_comes_out_as_it_is()
    {
        Target? none = null;
        Expression<Func<Target, Task<int>>> bad = w => w.RunAsync(none!.Value);
        Assert.That(() => CallExpression.OfMethod(bad, "Start"), Throws.TypeOf<NullReferenceException>());
        Expression<Func<Target, Task<int>>> nullField = w => w.RunAsync(none!.Field);
        Assert.That(() => CallExpression.OfMethod(nullField, "Start"), Throws.TypeOf<NullReferenceException>());
    }

    private static int Twice(int number) => number * 2;

    private static object?[] Read(Expression<Func<Target, Task>> call) => CallExpression.OfMethod(call, "StartAsync").Arguments;

    private static void Refused<T>(Expression<Func<Target, T>> call, string form)
    {
        var error = Assert.Throws<DurableException>(() => CallExpression.OfMethod(call, "StartAsync"))!;
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.RequestInvalid));
        Assert.That(error.Message, Does.Contain("StartAsync was given").And.Contain(form).And.Contain("local variable first"));
    }
}
