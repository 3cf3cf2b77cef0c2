// Random programs, and a host that dies at every one of their commits: one outcome, one history, nothing that was completed is done again.
using Durable.Core.Tests.Kit;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Core.Tests.Programs;

public sealed class ProgramTests : Situation
{
    [FsCheck.NUnit.Property(MaxTest = 8)]
    public void A_program_ends_in_its_outcome_whatever_commit_its_host_dies_at(FsCheck.PositiveInt seed) => DieEverywhereAsync(StoreKind.Memory, seed.Get, 1).GetAwaiter().GetResult();

    [FsCheck.NUnit.Property(MaxTest = 2)]
    public void The_same_on_a_file(FsCheck.PositiveInt seed) => DieEverywhereAsync(StoreKind.Sqlite, seed.Get, 3).GetAwaiter().GetResult();

    [Test]
    public void A_random_program_waits_for_no_signal_in_a_child() =>
        Assert.That(Enumerable.Range(0, 20_000).Select(RandomProgram.Of).SelectMany(InChildren), Has.None.Matches((RandomProgram? program) => program!.Signals.Any()));

    private static IEnumerable<RandomProgram> InChildren(RandomProgram program) => program.Kind == "child" ? [program] : program.Items.SelectMany(InChildren);

    private static async Task DieEverywhereAsync(StoreKind kind, int seed, int stride)
    {
        var program = RandomProgram.Of(seed);
        for (var at = 1; await DieAtAsync(kind, program, at, at / stride % 2 == 0 ? CommitFault.DieBefore : CommitFault.DieAfter); at += stride)
        {
        }
    }

    // False: the program was over before that commit.
    private static async Task<bool> DieAtAsync(StoreKind kind, RandomProgram program, int at, CommitFault fault)
    {
        await using var world = new World(kind);
        Flaky(world, program);
        var commits = 0;
        var first = await world.StartAsync(d => d.AddWorkflow<Interpreter>(), options: Brief, faults: store => store.OnCommit = _ => Interlocked.Increment(ref commits) == at ? fault : CommitFault.None);
        var driving = DriveAsync(first, program);
        await world.UntilAsync(() => first.Store.Died.IsCompleted || driving.IsCompleted, $"{program} died at commit {at} or ended");
        var died = first.Store.Died.IsCompleted;
        await first.KillAsync();
        var before = await HistoriesAsync(world);
        var attempts = world.Bench.Ledger.Count;

        if (died)
        {
            var second = await world.StartAsync(d => d.AddWorkflow<Interpreter>(), options: Brief);
            var again = DriveAsync(second, program);
            await world.UntilAsync(() => again.IsCompleted, $"{program}, killed at commit {at} ({fault}), ended");
            await again;
        }

        var after = await HistoriesAsync(world);
        var root = await world.Store.FindRunAsync("default", "p", null);
        Assert.That(root!.Status, Is.EqualTo(RunStatus.Completed), $"{program}, killed at commit {at} ({fault})");
        Assert.That(System.Text.Json.JsonSerializer.Deserialize<string>(root.Outcome), Is.EqualTo(program.Outcome), $"{program}, killed at commit {at} ({fault})");
        foreach (var (run, rows) in before)
            Assert.That(after[run].Take(rows.Count).Select(Line), Is.EqualTo(rows.Select(Line)), $"history of {run} in {program}, killed at commit {at} ({fault})");
        var completed = before.Values.SelectMany(rows => rows).Where(row => (EventKind)row.Kind is EventKind.ActivityCompleted or EventKind.StepCompleted).Select(row => $"{row.RunId:N}/{row.Gen}/{row.Ordinal}").ToHashSet();
        Assert.That(world.Bench.Ledger.Skip(attempts).Select(attempt => attempt.Key), Has.None.Matches<string>(completed.Contains!), $"{program}, killed at commit {at} ({fault})");
        return died;
    }

    // A task that the dead host had taken comes back after a lease.
    private static void Brief(DurableOptions options) => options.Lease = TimeSpan.FromSeconds(1);

    private static async Task DriveAsync(Node node, RandomProgram program)
    {
        var run = await node.Client.StartAsync((Interpreter w) => w.RunAsync(program), StartOptions.Once("p"));
        foreach (var signal in program.Signals)
        {
            try
            {
                await run.SignalAsync(w => w.Tell(signal));
            }
            catch (DurableException error) when (error.Code == DurableErrorCodes.RunClosed)
            {
                break;                                   // it was told before the crash, and has ended since
            }
        }

        await run.ResultAsync();
    }

    // Each flaky activity fails once.
    private static void Flaky(World world, RandomProgram program)
    {
        foreach (var item in program.Items) Flaky(world, item);
        if (program.Kind != "flaky") return;
        var left = 1;
        world.Bench[program.Name] = _ => Interlocked.Decrement(ref left) >= 0 ? throw new IOException("once") : Task.FromResult(program.Name + "!");
    }

    private static async Task<Dictionary<Guid, IReadOnlyList<EventRecord>>> HistoriesAsync(World world)
    {
        var runs = await world.Store.ListRunsAsync(new RunQuery("default", null, [], null, null, null, null, null, 1_000));
        var histories = new Dictionary<Guid, IReadOnlyList<EventRecord>>();
        foreach (var run in runs) histories[run.RunId] = await world.Store.ReadEventsAsync(run.RunId, 0, 0, 10_000);
        return histories;
    }

    private static string Line(EventRecord row) => $"{row.Gen}:{row.Seq} {row.Kind} {row.Ordinal} {row.Crc}";
}
