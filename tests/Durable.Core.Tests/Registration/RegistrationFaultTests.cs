// Every fault of a registration: found when the host starts, all at once, each with its fix.
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Durable.Core.Tests.Registration;

[TestFixture]
[Category("Pure")]
public sealed class RegistrationFaultTests
{
    private static IEnumerable<TestCaseData> Workflows()
    {
        yield return Case<NoRun>("NoRun has no [Run] method. Mark the method that runs it");
        yield return Case<TwoRuns>("has 2 [Run] methods (RunAsync, AgainAsync). Keep one");
        yield return Case<PrivateRun>("[Run] PrivateRun.RunAsync must be a public instance method");
        yield return Case<StaticRun>("[Run] StaticRun.RunAsync must be a public instance method");
        yield return Case<GenericRun>("[Run] GenericRun.RunAsync is generic. Stored calls have concrete types");
        yield return Case<VoidRun>("VoidRun.RunAsync returns Void. A [Run] method returns Task or Task<T>");
        yield return Case<ValueTaskRun>("ValueTaskRun.RunAsync returns ValueTask. A [Run] method returns Task or Task<T>");
        yield return Case<TokenRun>("takes a CancellationToken. Use WorkflowContext.CancellationToken instead");
        yield return Case<RefRun>("parameter 'number' is passed by reference. Pass a value");
        yield return Case<ValueTaskSignal>("ValueTaskSignal.Poke returns ValueTask. A [Signal] method returns void or Task");
        yield return Case<TaskOfTSignal>("TaskOfTSignal.Poke returns Task`1. A [Signal] method returns void or Task");
        yield return Case<SyncUpdate>("SyncUpdate.Change returns Int32. An [Update] method returns Task or Task<T>");
        yield return Case<AsyncQuery>("AsyncQuery.Ask returns Task`1. A [Query] gives a value, at once");
        yield return Case<VoidQuery>("VoidQuery.Ask returns Void. A [Query] gives a value, at once");
        yield return Case<TaskProperty>("TaskProperty.State returns Task. A [Query] gives a value, at once");
        yield return Case<PrivateSignal>("[Signal] PrivateSignal.Poke must be a public instance method");
        yield return Case<PrivateProperty>("[Query] PrivateProperty.get_State must be a public instance method");
        yield return Case<SameNames>("SameNames has two members stored as 'Poke'. Pin another name by attribute on one of them");
        yield return Case<BadName>("its stored name is 0 characters long");
        yield return Case<NoValidator>("names the validator 'Check'. There must be an instance method of that name that takes the same parameters and returns void");
        yield return Case<WrongValidator>("names the validator 'Check'");
        yield return Case<AnsweringValidator>("names the validator 'Check'");
        yield return Case<TwoConstructors>("TwoConstructors has 2 public constructors. It must have exactly one");
        yield return Case<NoConstructor>("NoConstructor has 0 public constructors. It must have exactly one");
        yield return Case<AsksForOptions>("asks for IOptions`1 'options'. Options would be written into histories, secrets included");
        yield return Case<AsksForMonitor>("asks for IOptionsMonitor`1");
        yield return Case<AsksForServices>("asks for IServiceProvider 'services'. Workflow code is replayed and may not resolve services");
        yield return Case<AsksForHttp>("asks for HttpClient 'http'. Workflow code is replayed and may do no I/O");
        yield return Case<AsksForUnknown>("asks for IUnknown 'unknown'. Register it as activities, AddActivities<IUnknown, Implementation>()");
        yield return Case<AsksForText>("asks for String 'text'. A workflow may ask for WorkflowContext");
        yield return Case<AbstractWorkflow>("AbstractWorkflow is abstract. Register a class that can be instantiated");
        yield return new TestCaseData(typeof(GenericWorkflow<int>), "is generic, so its stored name cannot be derived. Pin it: [Workflow(\"name\")]").SetName("Generic_workflow");
        yield return new TestCaseData(typeof(LongName), "its stored name is 201 characters long").SetName("Long_name");
    }

    private static TestCaseData Case<T>(string said) => new TestCaseData(typeof(T), said).SetName($"Workflow_{typeof(T).Name}");

    [TestCaseSource(nameof(Workflows))]
    public void A_workflow_that_cannot_work_is_refused(Type type, string said)
    {
        var error = Assert.Throws<DurableException>(() => new WorkflowRegistry([(type, new())], [typeof(IFine)]))!;
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.RegistrationInvalid));
        Assert.That(error.Message, Does.Contain(said));
    }

    [TestCase(typeof(Class), "AddActivities was given the class Class. Declare the variable as the interface")]
    [TestCase(typeof(IVoid), "Activity IVoid.Go returns Void. An activity returns Task or Task<T>")]
    [TestCase(typeof(IValueTask), "Activity IValueTask.GoAsync returns ValueTask`1")]
    [TestCase(typeof(IGeneric), "Activity IGeneric.GoAsync is generic")]
    [TestCase(typeof(IRef), "Activity IRef.GoAsync passes an argument by reference")]
    [TestCase(typeof(IOverloads), "IOverloads has two methods stored as 'Overloads.Go' (overloads count too)")]
    [TestCase(typeof(IEmpty), "Activity interface IEmpty has no methods")]
    [TestCase(typeof(IBadTime), "[Activity] on IBadTime.GoAsync: StartToClose = \"soon\" is not a time. Write it as \"hh:mm:ss\"")]
    [TestCase(typeof(INegativeTime), "[Activity] on INegativeTime.GoAsync: StartToClose must be positive")]
    [TestCase(typeof(ILongBeat), "Heartbeat must be positive and at most StartToClose")]
    [TestCase(typeof(INegativeAttempts), "MaxAttempts must not be negative")]
    [TestCase(typeof(IBadName), "its stored name is")]
    public void Activities_that_cannot_work_are_refused(Type type, string said)
    {
        var error = Assert.Throws<DurableException>(() => new WorkflowRegistry([], [type]))!;
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.RegistrationInvalid));
        Assert.That(error.Message, Does.Contain(said));
    }

    [Test]
    public void All_faults_come_in_one_message()
    {
        var error = Assert.Throws<DurableException>(() => new WorkflowRegistry([(typeof(NoRun), new()), (typeof(TwoConstructors), new()), (typeof(AsksForHttp), new())], [typeof(IVoid), typeof(IGeneric)]))!;
        Assert.That(error.Message, Does.StartWith("DUR1001: 5 registrations cannot work:"));
        foreach (var part in new[] { "NoRun", "TwoConstructors", "HttpClient", "IVoid.Go", "IGeneric.GoAsync" }) Assert.That(error.Message, Does.Contain($"\n  - ").And.Contain(part));
    }

    [Test]
    public void Two_classes_of_one_name_and_version_are_refused()
    {
        var error = Assert.Throws<DurableException>(() => new WorkflowRegistry([(typeof(One), new()), (typeof(OneAgain), new())], []))!;
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.DuplicateWorkflow));
        Assert.That(error.Message, Does.Contain("both stored as 'one' version 1. Pin another name or version"));
    }

    [Test]
    public void Two_interfaces_with_one_activity_name_are_refused()
    {
        var error = Assert.Throws<DurableException>(() => new WorkflowRegistry([], [typeof(IFine), typeof(Nested.IFine)]))!;
        Assert.That(error.Message, Does.Contain("both have an activity stored as 'Fine.Go'. Pin another name"));
    }

    [Test]
    public void What_is_fine_is_found_again()
    {
        var registry = new WorkflowRegistry([(typeof(Fine), new()), (typeof(Fine), new()), (typeof(One), new())], [typeof(IFine), typeof(IFine), typeof(IDerived)]);
        var fine = registry.Find("Fine", 1)!;
        Assert.Multiple(() =>
        {
            Assert.That(registry.Serves, Is.EqualTo(new[] { "Fine@1", "one@1" }));
            Assert.That(registry.ActivityNames, Is.EqualTo(new[] { "Derived.Extra", "Derived.Go2", "Fine.Go" }));
            Assert.That(registry.Find(typeof(Fine)), Is.SameAs(fine));
            Assert.That((registry.Find("Fine", 2), registry.Find("fine", 1), registry.Find(typeof(NoRun)), registry.Activity("Fine.Gone")), Is.EqualTo(((WorkflowDefinition?)null, (WorkflowDefinition?)null, (WorkflowDefinition?)null, (ActivityDefinition?)null)));
            Assert.That((fine.RunMethod!.Name, fine.RunResult.Type, fine.RunParameters.Single().Default), Is.EqualTo(("RunAsync", typeof(int), (object)3)));
            Assert.That((fine.Signal("Poke")?.Name, fine.Signal("pinned")?.Name, fine.Update("Change")?.HasValidator, fine.Query("State")?.ReturnType, fine.Query("Sum")?.Parameters.Length),
                Is.EqualTo(("Poke", "pinned", true, typeof(string), (int?)2)));
            Assert.That(registry.Activity("Fine.Go")!.TokenAt, Is.EqualTo(1));
        });
    }

    [Test]
    public void Attributes_on_a_contract_interface_and_on_a_base_class_count()
    {
        var registry = new WorkflowRegistry([(typeof(ByContract), new()), (typeof(Derived), new())], []);
        var contract = registry.Find("ByContract", 1)!;
        Assert.That((contract.RunMethod!.Name, contract.Signal("Poke") is not null, contract.Query("State") is not null), Is.EqualTo(("RunAsync", true, true)));
        var derived = registry.Find("Derived", 1)!;
        Assert.That((derived.RunMethod!.DeclaringType, derived.Signal("Poke") is not null), Is.EqualTo((typeof(Derived), true)));
    }

    [Test]
    public void Options_of_a_call_win_over_the_method_over_the_interface()
    {
        var registry = new WorkflowRegistry([], [typeof(IOptioned)]);
        var plain = registry.Activity("Optioned.Plain")!;
        var own = registry.Activity("Optioned.Own")!;
        var call = own.With(new ActivityOptions { Heartbeat = TimeSpan.FromSeconds(2), Retry = new RetryPolicy { MaxAttempts = 9, NonRetryable = [typeof(FormatException)] }, AtMostOnce = true });
        Assert.Multiple(() =>
        {
            Assert.That((plain.Options.StartToClose, plain.Options.Queue, plain.Options.MaxAttempts), Is.EqualTo((TimeSpan.FromMinutes(1), "slow", 0)));
            Assert.That((own.Options.StartToClose, own.Options.Queue, own.Options.MaxAttempts), Is.EqualTo((TimeSpan.FromSeconds(30), "slow", 3)));
            Assert.That((call.StartToClose, call.Heartbeat, call.MaxAttempts, call.Queue, call.AtMostOnce), Is.EqualTo((TimeSpan.FromSeconds(30), (TimeSpan?)TimeSpan.FromSeconds(2), 9, "slow", true)));
            Assert.That(call.NonRetryable, Is.EqualTo(new[] { "System.FormatException" }));
            Assert.That(own.With(null), Is.SameAs(own.Options));
        });
    }

    [Test]
    public void Options_of_a_call_are_checked()
    {
        var fine = Durable.Engine.History.CallOptions.Default;
        Assert.That(ActivityDefinition.Fault(fine), Is.Null);
        foreach (var (options, said) in new[]
        {
            (fine with { StartToClose = TimeSpan.Zero }, "StartToClose"), (fine with { ScheduleToClose = TimeSpan.Zero }, "ScheduleToClose"), (fine with { Heartbeat = TimeSpan.FromHours(1) }, "Heartbeat"),
            (fine with { MaxAttempts = -1 }, "MaxAttempts"), (fine with { InitialDelay = -TimeSpan.FromTicks(1) }, "InitialDelay"), (fine with { MaxDelay = TimeSpan.Zero }, "MaxDelay"),
            (fine with { BackoffFactor = 0.5 }, "BackoffFactor"), (fine with { BackoffFactor = double.NaN }, "BackoffFactor"), (fine with { BackoffFactor = double.PositiveInfinity }, "BackoffFactor"),
            (fine with { StartToClose = TimeSpan.FromDays(4_000) }, "ten years"), (fine with { Queue = "a\0" }, "Queue"), (fine with { Queue = new string('q', 201) }, "Queue"),
        })
            Assert.That(ActivityDefinition.Fault(options), Does.Contain(said));
    }

    [Test]
    public void Options_of_the_host_are_checked_all_at_once()
    {
        var check = new OptionsCheck();
        Assert.That(check.Validate(null, new DurableOptions()).Succeeded, Is.True);
        var bad = new DurableOptions
        {
            MaxConcurrentActivities = 0, MaxCachedRuns = -1, RollOverSteps = 0, RollOverBytes = 0, MaxPayloadBytes = 0, QuarantineAfter = 0, MaxPendingCommands = 0, MaxHistoryEvents = 0, MaxHistoryBytes = 0,
            Lanes = 0, MaxLanes = 0, KeepGenerations = 0, MaxJsonDepth = 0, Lease = TimeSpan.FromMilliseconds(1), PollInterval = TimeSpan.Zero, DrainTimeout = -TimeSpan.FromTicks(1),
            ParkAfter = -TimeSpan.FromTicks(1), Retention = -TimeSpan.FromTicks(1), Namespace = "",
        };
        bad.ServedQueues.Add("bad\nqueue");
        bad.ServedNamespaces.Add(new string('n', 201));
        var failures = check.Validate(null, bad).Failures!.ToList();
        Assert.That(failures, Has.Count.EqualTo(21));
        foreach (var name in new[] { "MaxConcurrentActivities is 0", "MaxHistoryBytes", "Lease is", "one second to one day", "PollInterval", "DrainTimeout", "ParkAfter", "Retention", "The name ''" })
            Assert.That(failures, Has.Some.Contain(name));
        foreach (var long_ in new[] { new DurableOptions { Lease = TimeSpan.FromDays(2) }, new DurableOptions { PollInterval = TimeSpan.FromHours(1) } })
            Assert.That(check.Validate(null, long_).Failed, Is.True);
    }

    public interface IFine
    {
        Task<int> GoAsync(int number, CancellationToken cancellationToken);
    }

    public static class Nested
    {
        public interface IFine
        {
            Task GoAsync();
        }
    }

    public interface IBaseActs
    {
        Task ExtraAsync();
    }

    public interface IDerived : IBaseActs
    {
        Task Go2Async();
    }

    [Activity(StartToClose = "00:01:00", Queue = "slow")]
    public interface IOptioned
    {
        Task PlainAsync();

        [Activity(StartToClose = "00:00:30", MaxAttempts = 3)]
        Task OwnAsync();
    }

    public sealed class Class
    {
        public Task GoAsync() => Task.CompletedTask;
    }

    public interface IVoid
    {
        void Go();
    }

    public interface IValueTask
    {
        ValueTask<int> GoAsync();
    }

    public interface IGeneric
    {
        Task GoAsync<T>();
    }

    public interface IRef
    {
        Task GoAsync(ref int number);
    }

    public interface IOverloads
    {
        Task GoAsync();

        Task GoAsync(int number);
    }

    public interface IEmpty;

    public interface IBadTime
    {
        [Activity(StartToClose = "soon")]
        Task GoAsync();
    }

    public interface INegativeTime
    {
        [Activity(StartToClose = "-00:00:01")]
        Task GoAsync();
    }

    public interface ILongBeat
    {
        [Activity(StartToClose = "00:00:01", Heartbeat = "00:00:02")]
        Task GoAsync();
    }

    public interface INegativeAttempts
    {
        [Activity(MaxAttempts = -1)]
        Task GoAsync();
    }

    public interface IBadName
    {
        [Activity("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
        Task GoAsync();
    }

    public interface IUnknown;

    public sealed class Fine(WorkflowContext workflow, IFine acts, ILogger<Fine> log, ILogger plain, TimeProvider time, Random random)
    {
        [Query]
        public string State => $"{workflow}{acts}{log}{plain}{time}{random}";

        [Run]
        public Task<int> RunAsync(int number = 3) => Task.FromResult(number);

        [Signal]
        public void Poke() => _ = State;

        [Signal("pinned")]
        public Task PokeAsync() => Task.CompletedTask;

        [Update(Validator = nameof(Check))]
        public Task<int> ChangeAsync(int number) => Task.FromResult(number);

        [Query]
        public int Sum(int a, int b) => a + b;

        public void Check(int number) => ArgumentOutOfRangeException.ThrowIfNegative(number);
    }

    [Workflow("one")]
    public sealed class One
    {
        [Run]
        public Task RunAsync() => Task.CompletedTask;
    }

    [Workflow("one")]
    public sealed class OneAgain
    {
        [Run]
        public Task RunAsync() => Task.CompletedTask;
    }

    public interface IContract
    {
        [Query]
        string State { get; }

        [Run]
        Task RunAsync();

        [Signal]
        void Poke();
    }

    public sealed class ByContract : IContract
    {
        public string State => "";

        public Task RunAsync() => Task.CompletedTask;

        public void Poke() => _ = State;
    }

    public abstract class Base
    {
        [Run]
        public virtual Task RunAsync() => Task.CompletedTask;

        [Signal]
        public void Poke() => _ = ToString();
    }

    public sealed class Derived : Base
    {
        public override Task RunAsync() => base.RunAsync();
    }
}
