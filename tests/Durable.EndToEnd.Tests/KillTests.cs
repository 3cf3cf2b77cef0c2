// SIGKILL at random moments, again and again; then the books are held against one another.
namespace Durable.EndToEnd.Tests;

public sealed class KillTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private const int Workflows = 200;

    private static string Host => Repository.Program("tests/Durable.TestHost", "Durable.TestHost");

    [Test]
    public async Task A_host_that_is_killed_again_and_again_loses_nothing_and_repeats_no_recorded_effect()
    {
        using var folder = new TempFolder();
        var seed = Random.Shared.Next(1_000_000);
        var random = new Random(seed);
        const int kills = 8;
        TestContext.Out.WriteLine($"seed {seed}");
        string[] arguments = ["--seed", $"{seed}", "--count", $"{Workflows}"];
        for (var kill = 0; kill < kills; kill++)
        {
            using var host = HostProcess.Start(Host, folder.Path, arguments);
            await host.LineAsync(line => line == "open", Limit);
            var enough = LedgerLine.Length(folder.Path) + random.Next(1, 20_000);                  // bytes: from the first effect after the start to some 150 more
            await Until.TrueAsync(() => host.HasExited || LedgerLine.Length(folder.Path) >= enough, Limit, "effects happen");
            await host.KillAsync();
        }

        using var last = await HostProcess.Start(Host, folder.Path, arguments).EndAsync(Limit);
        Assert.That(last.ExitCode, Is.Zero, last.Text);
        var audit = new Audit(folder.Path, seed, Workflows);
        await audit.CheckAsync();
        TestContext.Out.WriteLine($"{kills} kills, {Workflows} workflows, {audit.Effects} effects, {audit.Repeated} repeated because they were in flight");
    }
}
