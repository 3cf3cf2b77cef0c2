// After a doubt – sessions ended, commits cut off, the server crashed – the rate is back at 95 % within five seconds of the server's being back.
using Durable.Chaos.Faults;
using Npgsql;

namespace Durable.Chaos.Situations;

/// <summary>Measures the way back.</summary>
internal sealed class Recovery(bool full) : Situation(full)
{
    public override async Task<Verdict> RunAsync(Stage stage)
    {
        var rounds = Full ? 10 : 1;
        await using var proxy = new CutProxy(stage.Store.Port);
        var cuts = 0;
        proxy.Cut = (_, _) => Interlocked.Increment(ref cuts);
        await using var rate = new Rate(await stage.HostAsync("one", stage.Store.By(proxy.Port)), 32);
        if (!await UntilAsync(() => Task.FromResult(rate.Finished > 50), Bound(60))) return new Verdict(1, 0, ["nothing finished"], "");
        var (violations, figures, tried, bit) = (new List<string>(), new List<string>(), 0, 0);
        if (Full) figures.Add($"nothing broken: {Spread(await ControlAsync(rate, rounds))}");
        foreach (var (name, breakIt) in Ways(stage, proxy, () => cuts))
        {
            var (back, slow) = (new List<double>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                var usual = Usual(await SecondsAsync(rate, Full ? 10 : 4));
                tried++;
                if (await breakIt()) bit++;
                var from = rate.Now;
                var recovered = await rate.RecoveredAsync(from, usual * 0.95, Bound(60));
                if (recovered is { } seconds) back.Add(seconds);
                var late = rate.Slow(from, rate.Now);
                slow.AddRange(late);
                if (recovered is null || recovered > Bound(5)) violations.Add(Say($"{name}: at 95 % of {usual:0}/s after {recovered?.ToString("0.0", null) ?? "more than a minute"} s; runs that took longer than a second: {Few(late)}"));
            }

            figures.Add($"{name}: {Spread(back)}, runs that took longer than a second: {Few([.. slow.OrderDescending()])}");
        }

        if (rate.Wrong > 0) violations.Add($"{rate.Wrong} wrong results");
        return new Verdict(tried, bit, violations, $"back at 95 %: {string.Join("; ", figures)}; calls repeated by clients {rate.Failures}");
    }

    // The same measure where nothing was broken: what the machine does by itself. It loosens no bound.
    private static async Task<List<double>> ControlAsync(Rate rate, int rounds)
    {
        var back = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var usual = Usual(await SecondsAsync(rate, 10));
            back.Add(await rate.RecoveredAsync(rate.Now, usual * 0.95, 60) ?? 60);
        }

        return back;
    }

    private static IEnumerable<(string Name, Func<Task<bool>> Break)> Ways(Stage stage, CutProxy proxy, Func<int> cuts)
    {
        var text = new NpgsqlConnectionStringBuilder(stage.Store.Place) { Pooling = false, ApplicationName = "chaos" }.ConnectionString;
        yield return ("sessions ended", async () =>
        {
            await using var connection = new NpgsqlConnection(text);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'durable%'", connection);
            return (long)(await command.ExecuteScalarAsync())! > 0;
        });
        yield return ("a commit's answer cut off", async () =>
        {
            var before = cuts();
            proxy.Arm(CutPlace.After, lanes: true);
            return await UntilAsync(() => Task.FromResult(cuts() > before), 30);
        });
        yield return ("server crashed", async () =>
        {
            await stage.Store.CrashAsync(TimeSpan.Zero);
            return true;
        });
    }

    private static async Task<List<double>> SecondsAsync(Rate rate, int count)
    {
        var all = new List<double>();
        for (var i = 0; i < count; i++) all.Add(await rate.ForAsync(1));
        return all;
    }

    private static string Few(IReadOnlyList<double> lengths) => lengths.Count == 0 ? "none" : Say($"{lengths.Count}, the longest {lengths[0]:0.0} s");

    // The median second: a machine has slower and faster ones all the time.
    private static double Usual(List<double> seconds) => seconds.Order().ElementAt(seconds.Count / 2);
}
