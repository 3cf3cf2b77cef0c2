// Every operator at every place of every program, against every prefix of its history: what changes the order of commands is caught, and nothing else is.
using System.Text.RegularExpressions;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Testing.Tests.Mutations;

[TestFixture]
[NonParallelizable]
public sealed partial class MutationTests
{
    private static readonly PayloadSerializer Serializer = new(null, 64, 1 << 20, null);

    [Test]
    public void Every_mutation_that_changes_the_order_is_caught_and_identical_code_never_is()
    {
        var table = new List<(string Operator, int Mutants, int Visible, int Caught)>();
        var identical = 0;
        foreach (var (name, program) in Corpus.Programs)
        {
            var rows = HistoryOf(name, program);
            Assert.That(rows, Has.Count.GreaterThan(2), name);
            for (var length = 1; length <= rows.Count; length++, identical++) Assert.That(Replayed(name, program, rows, length), Is.Null, $"{name}, {length} rows, unchanged");
        }

        foreach (var mutation in Corpus.Operators)
        {
            var (mutants, visible, caught) = (0, 0, 0);
            foreach (var (name, program) in Corpus.Programs)
            {
                var rows = HistoryOf(name, program);
                foreach (var mutant in mutation.Mutants(program))
                    for (var length = 1; length <= rows.Count; length++)
                    {
                        mutants++;
                        var isVisible = !AsksTheSame(name, mutant, rows, length);
                        var verdict = Replayed(name, mutant, rows, length);
                        var what = $"{mutation.Name}: {name} became [{string.Join("; ", mutant)}], {length} of {rows.Count} rows: {verdict?.Message}";
                        Assert.That(verdict is not null, Is.EqualTo(isVisible), what);
                        if (!isVisible) continue;
                        visible++;
                        caught++;
                        Assert.That(verdict!.Code, Is.EqualTo(DurableErrorCodes.Diverged), what);
                        Assert.That(verdict.Message, Does.Contain("Recorded").Or.Contain("answers command"), what);
                    }
            }

            table.Add((mutation.Name, mutants, visible, caught));
        }

        Assert.That(table, Has.Count.GreaterThanOrEqualTo(12));
        Assert.That(table.Where(row => row.Visible == 0).Select(row => row.Operator), Is.EqualTo(["change a timer's length"]), "a timer's length is content, not order: the recorded time counts");
        foreach (var row in table) TestContext.Out.WriteLine($"| {row.Operator} | {row.Mutants} | {row.Visible} | {row.Caught} |");
        TestContext.Out.WriteLine($"identical: {identical}");
        Assert.That(Documented(), Is.EqualTo(table), "the table of docs/testing.md");
    }

    [Test]
    public async Task A_mutant_of_each_operator_is_held_in_a_host_before_it_writes_anything()
    {
        foreach (var mutation in Corpus.Operators)
        {
            var found = Corpus.Programs.SelectMany(one => mutation.Mutants(one.Program).Select(mutant => (one.Name, one.Program, Mutant: mutant)))
                .Select(one => (one.Name, one.Program, one.Mutant, Rows: HistoryOf(one.Name, one.Program)))
                .FirstOrDefault(one => !AsksTheSame(one.Name, one.Mutant, one.Rows, one.Rows.Count - 1));
            if (found.Rows is null) continue;
            var builder = Drive(found.Name, found.Program, found.Rows.Count - 1);
            Machine.Programs[found.Name] = found.Mutant;
            await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Machine>().AddWorkflow<Packing>().AddWorkflow<Wrapping>().AddFake<ICalls>());
            var run = await host.Client.ImportAsync(builder.Build());
            await run.ResumeAsync();
            await host.SettleAsync();
            Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Stalled), mutation.Name);
            Assert.That(await host.World.Store.ReadEventsAsync(run.RunId!.Value, 0, 0, 1_000), Has.Count.EqualTo(found.Rows.Count - 1), mutation.Name);
            var error = await Assert.ThrowsAsync<WorkflowTestException>(() => run.CompletionAsync());
            Assert.That(error!.Message, Does.Contain("does not match the history").And.Contain("Ways out"), mutation.Name);
        }
    }

    private static List<EventRecord> HistoryOf(string name, IReadOnlyList<Do> program) => [.. Drive(name, program, int.MaxValue).Rows];

    // What is asked for is answered in order; signals come when nothing else can; timers last.
    private static HistoryBuilder<Machine> Drive(string name, IReadOnlyList<Do> program, int most)
    {
        Machine.Programs[name] = program;
        var builder = new HistoryBuilder<Machine>(name, w => w.RunAsync());
        while (!builder.HasEnded && builder.Rows.Count < most)
        {
            var next = builder.Waiting.FirstOrDefault(operation => operation.Kind != CommandKind.Timer);
            if (next is null)
            {
                if (builder.Waiting.Count > 0) builder.FiresTimer();
                else builder.Receives(w => w.Poke());
            }
            else if (next.Kind is CommandKind.Signal) builder.Delivers(next.Name);
            else builder.Completes(next.Name, $"{next.Name} done");
        }

        return builder;
    }

    private static Verdict? Replayed(string name, IReadOnlyList<Do> program, List<EventRecord> rows, int length) => New(name, program, rows).Replay([.. rows.Take(length).Select(row => Copy(row, withCommands: true))]);

    // The oracle: the same arrivals given to the changed code as new ones. It does not compare; what it asks for is compared here.
    private static bool AsksTheSame(string name, IReadOnlyList<Do> program, List<EventRecord> rows, int length)
    {
        var execution = New(name, program, rows);
        foreach (var row in rows.Take(length))
        {
            var arrival = Copy(row, withCommands: false);
            if (execution.Apply(arrival) is not null || !CommandHead.ParseAll(arrival.Commands).SequenceEqual(CommandHead.ParseAll(row.Commands))) return false;
        }

        return true;
    }

    private static WorkflowExecution New(string name, IReadOnlyList<Do> program, List<EventRecord> rows)
    {
        Machine.Programs[name] = program;
        var definition = WorkflowDefinition.Read(typeof(Machine), new WorkflowOptions(), static service => service.IsInterface ? ActivityGroup.Read(service, []) : null, [])!;
        return new WorkflowExecution(definition, new WorkflowInfo(name, rows[0].RunId, definition.Name, definition.Version) { Namespace = "default" }, new byte[32], Serializer, new ExecutionLimits(), NullLogSink.Instance, new WorkflowRegistry([], []).Find);
    }

    private static EventRecord Copy(EventRecord row, bool withCommands) => new()
    {
        RunId = row.RunId, Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = row.At, Ordinal = row.Ordinal, Target = row.Target, Payload = row.Payload, Schema = row.Schema, Namespace = row.Namespace, Shard = row.Shard,
        Commands = withCommands ? row.Commands : null, Crc = withCommands ? row.Crc : 0,
    };

    private static List<(string Operator, int Mutants, int Visible, int Caught)> Documented() =>
        [.. Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "testing.md"))).Select(match => (match.Groups[1].Value, int.Parse(match.Groups[2].Value), int.Parse(match.Groups[3].Value), int.Parse(match.Groups[4].Value)))];

    [GeneratedRegex(@"^\| ([a-z' ]+) \| (\d+) \| (\d+) \| (\d+) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
