// A REPEATABLE READ transaction is held open for minutes: throughput stays at 90 % and more.
using Npgsql;

namespace Durable.Chaos.Situations;

/// <summary>Compares the rate before and while a snapshot is held.</summary>
internal sealed class HeldSnapshot(bool full) : Situation(full)
{
    public override async Task<Verdict> RunAsync(Stage stage)
    {
        var (before, held) = Full ? (60.0, 300.0) : (3.0, 6.0);
        await using var rate = new Rate(await stage.HostAsync("one"), 32);
        if (!await UntilAsync(() => Task.FromResult(rate.Finished > 50), Bound(60))) return new Verdict(1, 0, ["nothing finished"], "");
        var clean = await rate.ForAsync(before);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(stage.Store.Place) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using var look = new NpgsqlCommand("select count(*), txid_current() from durable.run", connection, transaction);
        await look.ExecuteNonQueryAsync();
        var finished = rate.Finished;
        var loaded = await rate.ForAsync(held);
        var last = await LastAsync(rate, held);
        var violations = new List<string>();
        if (Full && loaded < clean * 0.9) violations.Add(Say($"{loaded / clean:0.00} of the rate before"));
        if (rate.Wrong > 0) violations.Add($"{rate.Wrong} wrong results");
        return new Verdict(1, rate.Finished > finished ? 1 : 0, violations, Say($"rate {clean:0}/s, with a snapshot held for {held:0} s {loaded:0}/s = {loaded / clean:0.00}, of its last fifth {last / clean:0.00}"));
    }

    private static Task<double> LastAsync(Rate rate, double held) => Task.FromResult(rate.Between(rate.Now - (held / 5), rate.Now));
}
