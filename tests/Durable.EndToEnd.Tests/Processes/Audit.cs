// Holds the ledger of effects, the acknowledged calls and the database against one another.
using Durable.TestHost;
using Microsoft.Data.Sqlite;

namespace Durable.EndToEnd.Tests;

/// <summary>A line of the ledger.</summary>
internal sealed record LedgerLine(string Workflow, string Step, int Attempt, string Key, int Process, string Result)
{
    public bool Failed => Result == "failed";

    /// <summary>The ledgers of a folder, one after the other in order of their processes' starts.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="process">Of this process only, or null for all.</param>
    public static List<LedgerLine> Read(string folder, int? process = null) => [.. Files(folder, process).SelectMany(ReadShared).Select(line => line.Split('\t'))
        .Select(part => new LedgerLine(part[0], part[1], int.Parse(part[2]), part[3], int.Parse(part[4]), part[5]))];

    /// <summary>How many bytes the ledgers of a folder have.</summary>
    public static long Length(string folder) => Files(folder, null).Sum(file => new FileInfo(file).Length);

    private static IEnumerable<string> Files(string folder, int? process) => Directory.GetFiles(folder, $"ledger-*-{(process is { } id ? id : "*")}.log").Order(StringComparer.Ordinal);

    /// <summary>Whole lines of a file that another process writes.</summary>
    public static string[] ReadShared(string path)
    {
        if (!File.Exists(path)) return [];         // acks.log of a host that had nothing to acknowledge
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

/// <summary>Checks a finished workload: nothing lost, nothing stuck, nothing divergent, nothing recorded done twice.</summary>
/// <param name="folder">The folder of the host's files.</param>
/// <param name="seed">Seed of the plans.</param>
/// <param name="count">Number of the plans.</param>
/// <param name="frozen">True if a process was frozen and went on: it then has effects of attempts that another host has long had again.</param>
internal sealed class Audit(string folder, int seed, int count, bool frozen = false)
{
    private readonly List<LedgerLine> ledger = LedgerLine.Read(folder);
    private readonly string[] acks = LedgerLine.ReadShared(Path.Combine(folder, "acks.log"));

    public int Effects => ledger.Count(line => !line.Failed);

    /// <summary>Effects that were had more than once: their process was killed before the result was recorded.</summary>
    public int Repeated => ledger.Where(line => !line.Failed).GroupBy(line => line.Key).Count(lines => lines.Count() > 1);

    public async Task CheckAsync()
    {
        await using var file = await FileClient.OpenAsync(Path.Combine(folder, "work.db"));
        var reported = await CheckRunsAsync(file.Client);
        CheckLedger(reported);
        CheckTables();
    }

    private async Task<Dictionary<string, string>> CheckRunsAsync(DurableClient client)
    {
        var runs = new List<RunInfo>();
        await foreach (var run in client.ListAsync()) runs.Add(run);
        Assert.That(runs.Where(run => run.Status != RunStatus.Completed), Is.Empty, "0 stuck, 0 failed, 0 held");
        Assert.That(runs.Select(run => run.WorkflowId), Is.Unique, "one run for each id, children too");

        var started = acks.Where(line => line.StartsWith("started\t", StringComparison.Ordinal)).Select(line => line.Split('\t')[1]).ToList();
        Assert.That(started, Is.EquivalentTo(Enumerable.Range(0, count).Select(number => $"w-{number}")));
        Assert.That(runs.Select(run => run.WorkflowId).Where(id => !id.Contains('/')), Is.EquivalentTo(started), "0 lost: what was acknowledged is there");

        // A query of a closed run replays its committed history and throws where code and history differ.
        foreach (var run in runs) Assert.That(await client.GetRun<GeneratedWorkflow>(run.WorkflowId, run.RunId).QueryAsync(w => w.Seen), Is.GreaterThan(0));

        var reported = new Dictionary<string, string>();
        for (var number = 0; number < count; number++)
        {
            var report = await client.GetRun<GeneratedWorkflow, Report>($"w-{number}").ResultAsync();
            var plan = Plan.Of(seed, number);
            Assert.That(report.Effects, Has.Count.EqualTo(plan.Effects), $"w-{number} saw each effect once");
            CheckSignals(number, plan, report);
            foreach (var effect in report.Effects.Select(line => line.Split(' '))) Assert.That(reported.TryAdd(effect[0], effect[1]), $"{effect[0]} has one outcome");
        }

        return reported;
    }

    private void CheckSignals(int number, Plan plan, Report report)
    {
        Assert.That(report.Signals.Distinct().Order(), Is.EqualTo(Enumerable.Range(1, plan.Signals)), $"w-{number}: each acknowledged signal was seen");
        foreach (var times in report.Signals.GroupBy(signal => signal))
            Assert.That(times.Count(), Is.LessThanOrEqualTo(acks.Count(line => line == $"signalling\tw-{number}\t{times.Key}")), $"w-{number}: none more often than it was sent");
    }

    private void CheckLedger(Dictionary<string, string> reported)
    {
        Assert.That(ledger.Select(line => line.Key).Distinct(), Is.EquivalentTo(reported.Keys), "every effect has an outcome, every outcome an effect");
        foreach (var written in ledger.GroupBy(line => line.Key))
        {
            var lines = written.OrderBy(line => line.Attempt).ToList();
            var key = written.Key;
            if (!frozen) Assert.That(lines, Is.EqualTo(written), $"attempts of {key} come one after the other");
            Assert.That(lines.Select(line => line.Attempt), Is.Unique, $"attempts of {key}");
            Assert.That(lines[^1].Result, Is.EqualTo(reported[key]), $"{key}: after the recorded attempt there was none");
            var had = lines.Where(line => !line.Failed).Select(line => line.Process).ToList();
            Assert.That(had, Is.Unique, $"{key}: again only because its process was killed");
        }
    }

    private void CheckTables()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "work.db")};Pooling=False");
        connection.Open();
        foreach (var table in new[] { "durable_owned", "durable_ready", "durable_task" })
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"select count(*) from {table}";
            Assert.That(command.ExecuteScalar(), Is.EqualTo(0L), $"{table}: nothing is left over");
        }

        using var check = connection.CreateCommand();
        check.CommandText = "pragma integrity_check";
        Assert.That(check.ExecuteScalar(), Is.EqualTo("ok"));
    }
}
