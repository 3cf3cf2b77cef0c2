// Stored names: what they derive from, what pins them, what cannot be one.
using System.Reflection;
using Durable.Engine.Registration;

namespace Durable.Core.Tests.Registration;

[TestFixture]
[Category("Pure")]
public sealed class NamesTests
{
    public interface IPayments
    {
        Task ChargeAsync();

        Task Refund();

        [Activity("Void")]
        Task CancelAsync();

        Task Async();
    }

    [Activity("Stock")]
    public interface IWarehouse
    {
        Task ShipAsync();

        [Activity("Reserve")]
        Task Hold();
    }

    public interface Iffy
    {
        Task DoAsync();
    }

    [Workflow("pinned", Version = 4)]
    private sealed class Pinned;

    private sealed class OrderWorkflow;

    private sealed class Generic<T>;

    [Workflow("generic")]
    private sealed class PinnedGeneric<T>;

    [Workflow(Version = 2)]
    private sealed class VersionOnly;

    [Test]
    public void Workflows()
    {
        Assert.Multiple(() =>
        {
            Assert.That((Names.OfWorkflow(typeof(Pinned)), Names.VersionOf(typeof(Pinned))), Is.EqualTo(("pinned", 4)));
            Assert.That((Names.OfWorkflow(typeof(OrderWorkflow)), Names.VersionOf(typeof(OrderWorkflow))), Is.EqualTo(("OrderWorkflow", 1)));
            Assert.That((Names.OfWorkflow(typeof(VersionOnly)), Names.VersionOf(typeof(VersionOnly))), Is.EqualTo(("VersionOnly", 2)));
            Assert.That(Names.OfWorkflow(typeof(Generic<int>)), Is.Null);
            Assert.That(Names.OfWorkflow(typeof(PinnedGeneric<int>)), Is.EqualTo("generic"));
        });
    }

    [TestCase("RunAsync", "Run")]
    [TestCase("Run", "Run")]
    [TestCase("Async", "Async")]
    [TestCase("GoAsyncAsync", "GoAsync")]
    [TestCase("Asynchronous", "Asynchronous")]
    [TestCase("runasync", "runasync")]
    public void Members(string member, string stored) => Assert.That(Names.OfMember(member), Is.EqualTo(stored));

    [TestCase(typeof(IPayments), "ChargeAsync", "Payments.Charge")]
    [TestCase(typeof(IPayments), "Refund", "Payments.Refund")]
    [TestCase(typeof(IPayments), "CancelAsync", "Payments.Void")]
    [TestCase(typeof(IPayments), "Async", "Payments.Async")]
    [TestCase(typeof(IWarehouse), "ShipAsync", "Stock.Ship")]
    [TestCase(typeof(IWarehouse), "Hold", "Stock.Reserve")]
    [TestCase(typeof(Iffy), "DoAsync", "Iffy.Do")]
    public void Activities(Type type, string method, string stored) => Assert.That(Names.OfActivity(type, type.GetMethod(method, BindingFlags.Public | BindingFlags.Instance)!), Is.EqualTo(stored));

    [Test]
    public void Faults()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Names.Fault("a"), Is.Null);
            Assert.That(Names.Fault(new string('x', 200)), Is.Null);
            Assert.That(Names.Fault("Größe 日本 😀 / // ' \" <>"), Is.Null);
            Assert.That(Names.Fault(""), Is.EqualTo("is 0 characters long; 1 to 200 are allowed"));
            Assert.That(Names.Fault(new string('x', 201)), Does.Contain("201 characters"));
            Assert.That(Names.Fault("a\0b"), Is.EqualTo("contains control characters"));
            Assert.That(Names.Fault("a\nb"), Is.EqualTo("contains control characters"));
            Assert.That(Names.Fault("a\ud800"), Is.EqualTo("is not well-formed Unicode"));
            Assert.That(Names.Fault("\udc00a"), Is.EqualTo("is not well-formed Unicode"));
            Assert.That(Names.Fault("\ud800\ud800\udc00"), Is.EqualTo("is not well-formed Unicode"));
        });
    }
}
