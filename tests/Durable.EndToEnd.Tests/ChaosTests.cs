// The smoke form of the chaos campaigns: each fault alone on the store that it can hit. The program says what it checks, and fails itself when a fault never bit.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Durable.EndToEnd.Tests;

[Parallelizable(ParallelScope.Children)]       // each waits for leases and faults most of the time; three at once keep the build short
public sealed partial class ChaosTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);       // on a machine with much else to do; most of it is never needed
    private TempFolder cluster = null!;

    // One initdb for all servers of these tests.
    [OneTimeSetUp]
    public void ShareCluster() => Environment.SetEnvironmentVariable("DURABLE_PG_TEMPLATE", (cluster = new()).Path);

    [OneTimeTearDown]
    public void RemoveCluster()
    {
        Environment.SetEnvironmentVariable("DURABLE_PG_TEMPLATE", null);
        cluster.Dispose();
    }

    [TestCase("postgres", "kill", "mix", 0.15)]
    [TestCase("postgres", "freeze,snapshot", "mix", 0.15)]    // a snapshot excuses nothing; it bites where runs finish
    [TestCase("postgres", "cut,terminate", "mix", 0.15)]      // neither excuses anything that the other does
    [TestCase("postgres", "blackhole,connections", "mix", 0.1)]
    [TestCase("postgres", "disk,term", "mix", 0.1)]
    [TestCase("postgres", "refused", "mix", 0.1)]
    [TestCase("postgres", "restart", "mix", 0.1)]
    [TestCase("postgres", "clocks", "hot", 0.1)]
    [TestCase("postgres", "kill", "inbox", 0.1)]
    [TestCase("sqlite", "kill,freeze", "mix", 0.15)]
    public async Task Nothing_is_lost_stuck_divergent_or_doubled_while_workers_and_their_store_are_broken(string store, string faults, string work, double minutes)
    {
        using var folder = new TempFolder();
        using var chaos = HostProcess.Start(Repository.Program("tests/Durable.Chaos", "Durable.Chaos"), folder.Path,
            "--store", store, "--fault", faults, "--minutes", minutes.ToString(CultureInfo.InvariantCulture), "--work", work, "--load", "10", "--workers", "3");
        await chaos.EndAsync(Limit);

        Assert.That(chaos.ExitCode, Is.Zero, chaos.Text);
        Assert.That(chaos.Lines[^1], Does.Match("^CHAOS faults=[1-9][0-9]* runs=[1-9][0-9]* lost=0 stuck=0 divergent=0 doubled=0$"), chaos.Text);
        foreach (var fault in faults.Split(','))
            Assert.That(chaos.Lines.Any(line => Bit().Match(line) is { Success: true } report && report.Groups["fault"].Value == fault), Is.True, $"{fault} bit\n{chaos.Text}");
        await TestContext.Out.WriteLineAsync(string.Join('\n', chaos.Lines.Where(line => Bit().IsMatch(line)).Append(chaos.Lines[^1])));
    }

    // What crosses shard groups: children, their results and what they tell their parents, under deaths of workers and of one of the two servers.
    [Test]
    public async Task Nothing_that_crosses_from_server_to_server_is_lost_doubled_or_out_of_order()
    {
        using var folder = new TempFolder();
        using var chaos = HostProcess.Start(Repository.Program("tests/Durable.Chaos", "Durable.Chaos"), folder.Path,
            "--groups", "2", "--work", "cross", "--fault", "kill,restart", "--minutes", "0.2", "--crossings", "500", "--bites", "5", "--load", "16", "--workers", "3");
        await chaos.EndAsync(Limit);

        Assert.That(chaos.ExitCode, Is.Zero, chaos.Text);
        Assert.That(chaos.Lines[^1], Does.Match("^CHAOS faults=[1-9][0-9]* runs=[1-9][0-9]* lost=0 stuck=0 divergent=0 doubled=0$"), chaos.Text);
        var crossed = chaos.Lines.Select(line => Crossed().Match(line)).First(match => match.Success);
        Assert.That(int.Parse(crossed.Groups["n"].Value, CultureInfo.InvariantCulture), Is.AtLeast(500), chaos.Text);
        Assert.That(int.Parse(Closing().Match(chaos.Lines[^1]).Groups["bites"].Value, CultureInfo.InvariantCulture), Is.AtLeast(5), chaos.Text);
        foreach (var fault in new[] { "kill", "restart" })
            Assert.That(chaos.Lines.Any(line => Bit().Match(line) is { Success: true } report && report.Groups["fault"].Value == fault), Is.True, $"{fault} bit\n{chaos.Text}");
        await TestContext.Out.WriteLineAsync($"{crossed.Value}\n{string.Join('\n', chaos.Lines.Where(line => Bit().IsMatch(line)).Append(chaos.Lines[^1]))}");
    }

    [TestCase("failover")]
    [TestCase("heartbeat")]
    [TestCase("sleeping")]
    [TestCase("snapshot")]
    public Task A_situation_is_there_and_gone_through(string situation) => GoneThroughAsync(situation);

    // Alone: it compares rates before and after, and what comes and goes beside it would be taken for the engine.
    [Test, NonParallelizable]
    public Task After_a_doubt_the_rate_comes_back() => GoneThroughAsync("recovery");

    private static async Task GoneThroughAsync(string situation)
    {
        using var folder = new TempFolder();
        using var chaos = HostProcess.Start(Repository.Program("tests/Durable.Chaos", "Durable.Chaos"), folder.Path, "--situation", situation);
        await chaos.EndAsync(Limit);

        Assert.That(chaos.ExitCode, Is.Zero, chaos.Text);
        Assert.That(chaos.Lines[^1], Does.Match($"^CHAOS situation={situation} n=[1-9][0-9]* bit=[1-9][0-9]* violations=0$"), chaos.Text);
        await TestContext.Out.WriteLineAsync(string.Join('\n', chaos.Lines.TakeLast(2)));
    }

    [GeneratedRegex("crossing: (?<n>[0-9]+) messages from group to group .*; lost 0, doubled 0, out of order 0, rows left 0")]
    private static partial Regex Crossed();

    [GeneratedRegex("^CHAOS faults=(?<bites>[0-9]+)")]
    private static partial Regex Closing();

    [GeneratedRegex("(?<fault>[a-z]+): injected [0-9]+, bit [1-9]")]
    private static partial Regex Bit();
}
