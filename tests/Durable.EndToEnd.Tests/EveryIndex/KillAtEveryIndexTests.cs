// P1 and P2 at every index: a host that dies right behind its k-th commit, for every k, changes neither outcome nor history.
using System.Text.Json;

namespace Durable.EndToEnd.Tests;

[Parallelizable(ParallelScope.Children)]
public sealed class KillAtEveryIndexTests
{
    private const int Most = 200;

    [TestCaseSource(typeof(Stories), nameof(Stories.All))]
    public async Task A_host_that_dies_behind_any_commit_changes_neither_outcome_nor_history(object told)
    {
        var story = (Story)told;
        var (outcome, kinds, effects) = await UndisturbedAsync(story);
        var deaths = 0;
        for (var batches = 1; batches <= Most; batches++)
        {
            await using var scenario = await Scenario.BeginAsync(story);
            if (!await scenario.WorkAsync(batches)) break;
            deaths++;
            var before = await scenario.HistoriesAsync();
            var recorded = KeysOf(before);
            var done = scenario.World.Count;

            Assert.That(await scenario.WorkAsync(null), Is.False);
            var after = await scenario.HistoriesAsync();
            foreach (var (id, events) in before) Assert.That(Text(after[id].Take(events.Count)), Is.EqualTo(Text(events)), $"death {batches}: the history of {id} goes on where it was");
            Assert.That(KindsOf(after), Is.EqualTo(kinds), $"death {batches}: the same things happened");
            Assert.That(await OutcomeAsync(scenario, story), Is.EqualTo(outcome), $"death {batches}");
            Assert.That(scenario.World.Skip(done).Select(effect => effect.Key).Intersect(recorded), Is.Empty, $"death {batches}: what was recorded is not done again");
            Assert.That(Whats(scenario).Distinct(), Is.EquivalentTo(effects.Distinct()), $"death {batches}: the same effects");
        }

        Assert.That(deaths, Is.InRange(5, Most - 1), "the story has some commits, and ends");
        TestContext.Out.WriteLine($"{story}: {deaths} deaths");
    }

    private static async Task<(string Outcome, Dictionary<string, List<string>> Kinds, List<string> Effects)> UndisturbedAsync(Story story)
    {
        await using var scenario = await Scenario.BeginAsync(story);
        await scenario.WorkAsync(null);
        Assert.That(scenario.World.Select(effect => effect.Key), Is.Unique);
        return (await OutcomeAsync(scenario, story), KindsOf(await scenario.HistoriesAsync()), Whats(scenario));
    }

    private static List<string> Whats(Scenario scenario) => [.. scenario.World.Select(effect => effect.What)];

    private static async Task<string> OutcomeAsync(Scenario scenario, Story story)
    {
        var outcome = await scenario.Client.GetRun(story.Id).WaitAsync(TimeSpan.Zero);
        return $"{outcome!.Status} {outcome.Failure?.Message}";
    }

    /// <summary>Of each run and generation what happened, without order: results of parallel activities come as they come.</summary>
    private static Dictionary<string, List<string>> KindsOf(Dictionary<string, List<RunEvent>> histories) => histories.ToDictionary(
        history => history.Key, history => history.Value.Select(one => $"{one.Generation} {one.Kind} {Name(one)}").Order(StringComparer.Ordinal).ToList());

    private static string Name(RunEvent one) => one.Data.ValueKind == JsonValueKind.Object && one.Data.TryGetProperty("name", out var name) ? name.ToString() : "";

    private static List<string> Text(IEnumerable<RunEvent> events) => [.. events.Select(one => $"{one.Position} {one.Kind} {one.At:O} {one.Data.GetRawText()}")];

    /// <summary>Idempotency keys of all results in the histories.</summary>
    private static HashSet<string> KeysOf(Dictionary<string, List<RunEvent>> histories) => [.. histories.Values.SelectMany(events => events)
        .Where(one => one.Kind is "ActivityCompleted" or "StepCompleted").Select(one => $"{one.RunId:N}/{one.Generation}/{one.Data.GetProperty("ordinal").GetInt32()}")];
}
