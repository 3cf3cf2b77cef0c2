// What it costs to have two shard groups on two servers instead of one (WG): the same workflows, and what goes from one group to the other.
using Durable.Storage;
using Npgsql;

namespace Durable.Bench;

/// <summary>WG. Both sides run in one process on one machine, so the rate cannot rise: the counts for each workflow are what must not.</summary>
internal sealed class TwoGroups : Workload
{
    public override string Name => "WG";

    public override string Title => "5 activities one after the other on two servers, a shard group and 2,000 workflows in flight on each, against one server with 2,000";

    public override string Unit => "× one server";

    public override (int Full, int Short, int Smoke) Sizes => (20_000, 5_000, 60);

    public override int MaxRounds => 3;

    // Of the rate of one group alone, for each group: two of them are below what the machine can do.
    private const double Quiet = 0.3;

    public override bool RunsOn(string store) => store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        await using var second = PostgresServer.Start();
        await using var other = await setting.Kind.NewAsync();
        var one = await FlowsAsync(setting, other.Configure, groups: 1);
        var servers = await PairAsync(place.Address, second.ConnectionString);
        var two = await FlowsAsync(setting, servers, groups: 2);
        // The same rate for each group, well below what the two cores can do: each server then has the load that the one had. Above, where the cores are full, each group has half of them, and smaller batches.
        var pace = one.Rate * Quiet;
        var (oneAt, twoAt) = (await FlowsAsync(setting, other.Configure, groups: 1, pace), await FlowsAsync(setting, servers, groups: 2, pace));
        var signals = Math.Clamp(setting.N / 40, 10, 500);
        var (local, crossing) = (await SignalAsync(servers, 0, signals), await SignalAsync(servers, 1, signals));
        return new Round(two.Rate / one.Rate,
            one.Details("one"), two.Details("two"),
            [
                new Detail("for each group wf/s", pace), new Detail("statements ×", twoAt.Statements / oneAt.Statements), new Detail("round trips ×", twoAt.Calls / oneAt.Calls), new Detail("rows ×", twoAt.Rows / oneAt.Rows),
                new Detail("cores full: statements ×", two.Statements / one.Statements), new Detail("cores full: round trips ×", two.Calls / one.Calls), new Detail("cores full: rows ×", two.Rows / one.Rows),
                new Detail("commits that touch another group", one.Foreign + two.Foreign + twoAt.Foreign),
                new Detail("local signal p50 ms", Numbers.Median(local)), new Detail("crossing signal p50 ms", Numbers.Median(crossing)), new Detail("crossing/local", Numbers.Median(crossing) / Numbers.Median(local)),
            ]);
    }

    // Groups differ in host and port alone: the second server gets the database and the password of the first.
    private static async Task<Action<DurableBuilder>> PairAsync(string first, string second)
    {
        var (mine, its) = (new NpgsqlConnectionStringBuilder(first), new NpgsqlConnectionStringBuilder(second));
        await using (var admin = new NpgsqlConnection(second))
        {
            await admin.OpenAsync();
            foreach (var sql in new[] { $"create database {mine.Database}", $"alter role {mine.Username} password '{mine.Password}'" })
            {
                await using var command = new NpgsqlCommand(sql, admin);
                await command.ExecuteNonQueryAsync();
            }
        }

        var placement = new Storage.Postgres.Tests.PlainServers([(mine.Host!, mine.Port), (its.Host!, its.Port)]);
        return builder => builder.UsePostgres(first, postgres => postgres.Placement = placement);
    }

    private static async Task<GroupCost> FlowsAsync(Setting setting, Action<DurableBuilder> store, int groups, double? pace = null)
    {
        var tally = new GroupTally();
        await using var host = await EngineHost.StartAsync(tally.On(store), tally.Counts, Limits.Raise);
        var meter = await Meter.BeginAsync(setting.Kind, tally.Counts);
        tally.Begin();
        var total = groups * setting.N;                 // each group has the same work: its lane then makes batches of the same size
        if (pace is { } rate) await PacedLoop.RunAsync(total, groups * rate, i => OneAsync("paced", i));
        else await ClosedLoop.RunAsync(total, groups * setting.InFlight, i => OneAsync("bench", i));
        return tally.End(total, (await meter.EndAsync(total)).Elapsed);

        async Task OneAsync(string name, int number)
        {
            var run = await host.Client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = FormattableString.Invariant($"{name}-{number:D8}") });
            await run.ResultAsync();
        }
    }

    // One at a time, from the code that sends to the code that sees it.
    private static async Task<double[]> SignalAsync(Action<DurableBuilder> store, int target, int count)
    {
        await using var host = await EngineHost.StartAsync(store, new StoreCounts(), options => options.ParkAfter = TimeSpan.FromMinutes(5), builder => builder.AddWorkflow<Ringer>());
        var (bell, name) = (On(target, $"bell-{target}"), On(0, $"ringer-{target}"));
        var pong = await host.Client.StartAsync((Pong w) => w.RunAsync(count + 5), new StartOptions { Id = bell });
        var ringer = await host.Client.StartAsync((Ringer w) => w.RunAsync(bell, count + 5), new StartOptions { Id = name });
        var seen = new List<double>();
        for (var i = 1; i <= count + 5; i++)
        {
            var (number, heard) = (i, Pongs.Await(i));
            await ringer.SignalAsync(w => w.Ring(number));
            var at = await heard;
            if (i > 5) seen.Add(System.Diagnostics.Stopwatch.GetElapsedTime(Rings.Sent, at).TotalMilliseconds);       // the first ones find cold code
        }

        await pong.CompletionAsync();
        await ringer.CompletionAsync();
        return [.. seen];
    }

    private static string On(int group, string name) => Enumerable.Range(0, 100).Select(i => $"{name}-{i}").First(id => Shards.Of("default", id) % 2 == group);
}
