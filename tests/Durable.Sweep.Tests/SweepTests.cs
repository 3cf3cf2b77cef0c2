// The crash-point sweep on SQLite and PostgreSQL: call k of the store fails, for a stride of k here; for every k: DURABLE_SWEEP=1 dotnet run -c Release --project tests/Durable.Sweep.Tests.
using System.Globalization;
using Durable.EndToEnd.Tests;
using Durable.Simulation;
using Npgsql;

namespace Durable.Sweep.Tests;

[NonParallelizable]
public sealed class SweepTests
{
    /// <summary>Each so many calls; 1 is the whole sweep.</summary>
    private static readonly int? Given = Environment.GetEnvironmentVariable("DURABLE_SWEEP") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>How often a trial is told again in which the machine stood still.</summary>
    private const int Tries = 8;

    private static IEnumerable<TestCaseData> Cases() =>
        from place in new[] { "sqlite", "postgres" }
        from story in Canonical.All
        select new TestCaseData(place, story).SetArgDisplayNames(place, story.Name);

    [TestCaseSource(nameof(Cases))]
    public async Task A_call_that_fails_changes_neither_outcome_nor_history(string place, object told)
    {
        var story = (Canonical)told;
        var first = await TrialAsync(place, story, 0, Miss.Before);
        for (var again = 0; again < Tries && first.StoodStill; again++) first = await TrialAsync(place, story, 0, Miss.Before);
        var (sound, calls) = (first.Outcome, first.Calls);
        Assert.That(sound, Does.StartWith("Completed"));
        var stride = Given ?? (place == "sqlite" ? 10 : 40);       // a trial on PostgreSQL is mostly the opening of connections
        var offset = Canonical.All.ToList().IndexOf(story);
        var trials = 0;
        foreach (var miss in Enum.GetValues<Miss>())
        {
            for (var call = 1 + (offset + (int)miss * 2) % stride; call <= calls; call += stride)
            {
                var played = await TrialAsync(place, story, call, miss);
                for (var again = 0; again < Tries && played.Bitten && played.Outcome != sound && played.StoodStill; again++) played = await TrialAsync(place, story, call, miss);       // limits of time had passed: it says nothing
                if (!played.Bitten) break;
                trials++;
                Assert.That(played.Outcome, Is.EqualTo(sound), $"{story} on {place}, call {call} {miss}");
            }
        }

        TestContext.Out.WriteLine($"SWEEP {place} {story}: trials={trials} calls={calls}");
        Assert.That(trials, Is.GreaterThanOrEqualTo(2));
    }

    private static async Task<Played> TrialAsync(string place, Canonical story, int call, Miss miss)
    {
        if (place == "postgres")
        {
            await EmptyAsync();
            return await new Stage(durable => durable.UsePostgres(Server, options => options.Schema = Schema)).PlayAsync(story, call, miss);
        }

        using var folder = new TempFolder();
        return await new Stage(durable => durable.UseSqlite(folder.File("sweep.db"), options => (options.FullSync, options.AllowSharedFile) = (false, true))).PlayAsync(story, call, miss);
    }

    // One schema for all trials: to make one takes longer than a trial. Who still has a lane of the trial before is fenced.
    private static async Task EmptyAsync()
    {
        string[] tables = ["run", "event", "message", "ready", "owned", "task", "lane", "commit_log", "outgoing", "schedule", "lease", "document", "blob"];
        await using var source = NpgsqlDataSource.Create(Server);
        await using var look = source.CreateCommand($"select to_regclass('{Schema}.run') is not null");
        if (await look.ExecuteScalarAsync() is not true) return;
        await using var command = source.CreateCommand(string.Concat(tables.Select(table => $"delete from {Schema}.{table};")));
        await command.ExecuteNonQueryAsync();
    }

    [OneTimeTearDown]
    public async Task DropSchema()
    {
        if (Environment.GetEnvironmentVariable("DURABLE_TEST_POSTGRES") is null) return;
        await using var source = NpgsqlDataSource.Create(Server);
        await using var command = source.CreateCommand($"drop schema if exists {Schema} cascade");
        await command.ExecuteNonQueryAsync();
    }

    private static string Schema { get; } = $"sweep_{Guid.NewGuid():N}"[..24];

    private static string Server => Environment.GetEnvironmentVariable("DURABLE_TEST_POSTGRES") ?? throw new InvalidOperationException("DURABLE_TEST_POSTGRES is not set: start a server with eng/postgres.sh.");
}
