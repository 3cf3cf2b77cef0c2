// Generated code and reflection are two ways to one thing: the same names, the same shapes, the same bytes in the history.
using System.Reflection;
using System.Text;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Analyzers.Tests.Generator;

internal sealed class SameHistoryTests
{
    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly PayloadSerializer Serializer = new(null, 64, 2 * 1024 * 1024, null);

    private static readonly Lazy<Assembly> Subject = new(() => Generated.Load(Shapes.Source, generate: true));

    [Test]
    public void Names_options_and_shapes_are_equal()
    {
        var (written, found) = (Group(true), Group(false));
        Assert.That(Describe(written.Activities.OrderBy(a => a.Name, StringComparer.Ordinal)), Is.EqualTo(Describe(found.Activities.OrderBy(a => a.Name, StringComparer.Ordinal))));
        var (one, other) = (Definition(true), Definition(false));
        Assert.That(Describe(one), Is.EqualTo(Describe(other)));
        Assert.That(one.Key, Is.EqualTo("order@3"));
    }

    [Test]
    public void The_history_is_equal_byte_for_byte_and_each_replays_the_other()
    {
        var written = Live(Definition(true));
        var found = Live(Definition(false));
        Assert.That(written.Select(Text), Is.EqualTo(found.Select(Text)));
        Assert.That(written.Sum(row => row.Commands?.Length ?? 0), Is.GreaterThan(300), "there was something to compare");
        Assert.That(Execution(Definition(true)).Replay(found), Is.Null);
        Assert.That(Execution(Definition(false)).Replay(written), Is.Null);
    }

    [Test]
    public void A_difference_is_placed_in_the_users_code_and_not_in_a_generated_proxy()
    {
        var rows = Live(Definition(true));
        rows[0].Commands = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(rows[0].Commands!).Replace("Pay.Take", "Pay.Gone", StringComparison.Ordinal));
        var verdict = SourceLine.Check(tell => Execution(Definition(true), tell), rows);
        Assert.That(verdict?.Code, Is.EqualTo(DurableErrorCodes.Diverged));
        Assert.That($"{verdict!.Source} {verdict.Message}", Does.Contain("Order.RunAsync").And.Not.Contain("_Activities"));
    }

    [Test]
    public void A_generated_proxy_is_used_where_there_is_one_and_With_gives_another()
    {
        var execution = Execution(Definition(true));
        var proxy = Group(true).CreateProxy(execution, null);
        Assert.That(proxy.GetType().FullName, Does.StartWith("Durable.Generated."));
        Assert.That(Group(false).CreateProxy(execution, null), Is.InstanceOf<DispatchProxy>());
        Assert.That(ActivityProxy.With(proxy, new ActivityOptions { Queue = "q" }), Is.Not.SameAs(proxy).And.InstanceOf(proxy.GetType()));
    }

    [Test]
    public void With_returns_a_fake_as_it_is()
    {
        var fake = (object)new Fake();
        Assert.That(CompilerServices.GeneratedCode.With(fake, new ActivityOptions()), Is.SameAs(fake));
    }

    [Test]
    public async Task A_run_of_generated_code_goes_from_typed_start_to_result()
    {
        var assembly = Generated.Load(Ends.Source, generate: true);
        var result = (Task<string>)assembly.GetType("Ends")!.GetMethod("GoAsync")!.Invoke(null, [])!;
        Assert.That(await result.WaitAsync(TimeSpan.FromMinutes(5)), Is.EqualTo("hello Ada! 2 5 done"));
    }

    private static ActivityGroup Group(bool generated)
    {
        var faults = new List<string>();
        var group = ActivityGroup.Read(Subject.Value.GetType("Shop.IPay")!, faults, generated);
        Assert.That(faults, Is.Empty);
        return group;
    }

    private static WorkflowDefinition Definition(bool generated)
    {
        var faults = new List<string>();
        var group = Group(generated);
        var definition = WorkflowDefinition.Read(Subject.Value.GetType("Shop.Order")!, new WorkflowOptions(), type => type == group.Type ? group : null, faults, generated);
        Assert.That(faults, Is.Empty);
        Assert.That(definition!.RunMethod is null, Is.EqualTo(generated));
        return definition;
    }

    private static IEnumerable<string> Describe(IEnumerable<ActivityDefinition> activities) => activities.Select(activity =>
        $"{activity.Name} {activity.CallText} {activity.Options} {string.Join(',', activity.Options.NonRetryable ?? [])} {string.Join(", ", activity.Parameters.Select(p => p.ToString()))} {activity.TokenAt} {activity.Result.GetType()}");

    private static string Describe(WorkflowDefinition definition)
    {
        var text = new StringBuilder($"{definition.Key} {definition.RunName} {string.Join(", ", definition.RunParameters.Select(p => p.ToString()))} {definition.RunResult.GetType()}");
        foreach (var handler in new[] { definition.Signal("Poke"), definition.Signal("poke-later"), definition.Query("Count"), definition.Query("Article"), definition.Update("Add"), definition.Update("Clear") })
            text.Append($"\n{handler!.Name} {handler.ReturnType} {handler.Result?.GetType()} {handler.HasValidator} {string.Join(", ", handler.Parameters.Select(p => p.ToString()))}");
        return text.ToString();
    }

    private static WorkflowExecution Execution(WorkflowDefinition definition, Action<WorkflowExecution, CommandKind, int>? tell = null) => new(definition, new WorkflowInfo("order-1", new Guid("0197a3c0-0000-7000-8000-00000000002a"), definition.Name, definition.Version) { StartedAt = Begin },
        new byte[32], Serializer, new ExecutionLimits(), NullLogSink.Instance, _ => null) { OnCommand = tell };

    // A lane in miniature: each activity is answered at once, in order; then the lines come by update and signal.
    private static List<EventRecord> Live(WorkflowDefinition definition)
    {
        var execution = Execution(definition);
        var rows = new List<EventRecord>();
        var start = new StartDocument { Seed = 7, Input = JsonSerializer.Deserialize<JsonElement>("""["7", 12.5, "Small"]"""), RollOverSteps = 1_000, RollOverBytes = 1_000_000, MaxPending = 100 };
        var open = new Queue<(EventKind Kind, string? Target, byte[] Payload)>(
        [
            (EventKind.SignalReceived, "poke-later", "[3]"u8.ToArray()),
            (EventKind.UpdateReceived, "Add", Request("u1", """[{"article":"tea","count":1}]""")),
            (EventKind.UpdateReceived, "Add", Request("u2", """[{"article":"cup","count":2}]""")),
        ]);
        Apply(Row(0, EventKind.RunStarted, 0, null, JsonSerializer.SerializeToUtf8Bytes(start, HistoryJson.Default.StartDocument)));
        while (execution.End is null)
        {
            var asked = execution.Operations.Pending.Select(pending => pending.Operation).FirstOrDefault(operation => operation.Kind == CommandKind.Activity);
            if (asked is not null)
            {
                var result = asked.Name switch { "Pay.Take" => "\"ch-1\""u8.ToArray(), "Pay.Look" => """{"article":"kettle","count":1}"""u8.ToArray(), _ => null };
                Apply(Row(rows.Count, EventKind.ActivityCompleted, asked.Ordinal, null, result));
            }
            else
            {
                var (kind, target, payload) = open.Dequeue();
                Apply(Row(rows.Count, kind, 0, target, payload));
            }
        }

        Assert.That(Encoding.UTF8.GetString(execution.End!.Result!), Does.StartWith("\"ch-1 kettle 2 "));
        return rows;

        void Apply(EventRecord row)
        {
            Assert.That(execution.Apply(row)?.Message, Is.Null);
            rows.Add(row);
        }
    }

    private static byte[] Request(string id, string arguments) => JsonSerializer.SerializeToUtf8Bytes(new UpdateRequest(id, JsonSerializer.Deserialize<JsonElement>(arguments)), HistoryJson.Default.UpdateRequest);

    private static EventRecord Row(int seq, EventKind kind, int ordinal, string? target, byte[]? payload) => new()
    {
        RunId = new Guid("0197a3c0-0000-7000-8000-00000000002a"), Gen = 0, Seq = seq, Kind = (short)kind, At = Begin.AddSeconds(seq), Ordinal = ordinal, Target = target, Payload = payload, Encoding = 0, Schema = 1, Namespace = "default", Shard = 42,
    };

    private static string Text(EventRecord row) => $"{row.Seq} {row.Kind} {row.Target} {Encoding.UTF8.GetString(row.Payload ?? [])} {Encoding.UTF8.GetString(row.Commands ?? [])} {row.Crc}";

    private sealed class Fake;
}

/// <summary>A program that uses only typed calls.</summary>
internal static class Ends
{
    public const string Source = """
        using Microsoft.Extensions.DependencyInjection; using Microsoft.Extensions.Hosting; using Microsoft.Extensions.Logging;
        public interface IGreet { Task<string> HelloAsync(string name, CancellationToken cancellationToken = default); }
        public sealed class Greet : IGreet { public Task<string> HelloAsync(string name, CancellationToken cancellationToken) => Task.FromResult("hello " + name + (cancellationToken.CanBeCanceled ? "!" : "?")); }
        public sealed class Greeting(WorkflowContext workflow, IGreet greet)
        {
            private int count;
            private bool end;
            [Run] public async Task<string> RunAsync(string name)
            {
                var hello = await greet.With(new ActivityOptions { StartToClose = TimeSpan.FromMinutes(1) }).HelloAsync(name);
                await workflow.WaitUntilAsync(() => end);
                return hello;
            }
            [Signal] public void Add(int n) => count += n;
            [Update] public Task<int> EndAsync(int n) { count += n; end = true; return Task.FromResult(count); }
            [Query] public int Count => count;
        }
        public static class Ends
        {
            public static async Task<string> GoAsync()
            {
                var builder = Host.CreateApplicationBuilder();
                builder.Logging.ClearProviders();
                builder.Services.AddDurable(durable => durable.UseInMemory().AddWorkflow<Greeting>().AddActivities<IGreet, Greet>());
                using var host = builder.Build();
                await host.StartAsync();
                var client = host.Services.GetRequiredService<DurableClient>();
                var run = await client.StartGreetingAsync("Ada", new() { Id = "g-1" });
                await run.AddAsync(2);
                while (await run.CountAsync() != 2) await Task.Yield();
                var count = await run.CountAsync();
                var end = await run.EndAsync(3, new UpdateOptions { Id = "u" });
                var text = $"{await run.ResultAsync()} {count} {end} done";
                await host.StopAsync();
                return text;
            }
        }
        """;
}
