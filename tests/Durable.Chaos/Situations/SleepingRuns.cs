// A million runs sleep in the same tables: throughput stays at 90 % and more.
using Npgsql;

namespace Durable.Chaos.Situations;

/// <summary>Compares the rate without and with sleeping runs.</summary>
internal sealed class SleepingRuns(bool full) : Situation(full)
{
    private const string Fill = """
        insert into durable.run (run_id, created_at, gen, first_gen, ordinal, version, priority, shard, status, encoding, namespace, workflow_id, type, host_build, queue, secret)
            select ('019f0000-0000-7000-8000-' || lpad(to_hex(i * 128 + i % 128), 12, '0'))::uuid, now(), 0, 0, 1, 1, 0, (i % 128)::smallint, 1, 0, 'default', 'sleeper-' || i, 'Quick', 'b', '', decode(repeat('00', 32), 'hex')
            from generate_series(1, {0}) i;
        insert into durable.ready (run_id, sender, sender_seq, due_at, gen, next_seq, version, priority, attempt, shard, hold, mail, asap, control, namespace, type, queue)
            select run_id, '00000000-0000-0000-0000-000000000000', 0, now() + interval '300 days' + (shard || ' s')::interval, 0, 1, 1, 0, 0, shard, 0, false, false, false, 'default', 'Quick', ''
            from durable.run where workflow_id like 'sleeper-%'
        """;

    private const string Remove = "delete from durable.ready where run_id in (select run_id from durable.run where workflow_id like 'sleeper-%'); delete from durable.run where workflow_id like 'sleeper-%'";

    public override async Task<Verdict> RunAsync(Stage stage)
    {
        var (sleepers, seconds) = Full ? (1_000_000, 60.0) : (20_000, 4.0);
        await using var rate = new Rate(await stage.HostAsync("one"), 32);
        if (!await UntilAsync(() => Task.FromResult(rate.Finished > 50), Bound(60))) return new Verdict(sleepers, 0, ["nothing finished"], "");
        var clean = await rate.ForAsync(seconds);
        var text = new NpgsqlConnectionStringBuilder(stage.Store.Place) { Pooling = false, CommandTimeout = 0 }.ConnectionString;
        await using var connection = new NpgsqlConnection(text);
        await connection.OpenAsync();
        await using (var fill = new NpgsqlCommand(Fill.Replace("{0}", sleepers.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), connection)) await fill.ExecuteNonQueryAsync();
        await rate.ForAsync(Full ? 30 : 1);                                  // checkpoint and buffers of the filling are not what is measured
        var loaded = await rate.ForAsync(seconds);
        await using var count = new NpgsqlCommand("select count(*)::int from durable.ready where not mail and due_at > now() + interval '200 days'", connection);
        var asleep = (int)(await count.ExecuteScalarAsync())!;
        var without = new List<double> { clean };
        if (Full)
        {
            // Once more without them: minutes lie between, in which the machine may have become another.
            await using var remove = new NpgsqlCommand(Remove, connection);
            await remove.ExecuteNonQueryAsync();
            await using (var vacuum = new NpgsqlCommand("vacuum durable.run, durable.ready", connection)) await vacuum.ExecuteNonQueryAsync();
            await rate.ForAsync(30);
            without.Add(await rate.ForAsync(seconds));
        }

        clean = without.Average();
        var violations = new List<string>();
        if (asleep != sleepers) violations.Add($"{sleepers - asleep} sleepers were woken");
        if (Full && loaded < clean * 0.9) violations.Add(Say($"{loaded / clean:0.00} of the rate without them"));
        if (rate.Wrong > 0) violations.Add($"{rate.Wrong} wrong results");
        return new Verdict(sleepers, asleep, violations, Say($"rate {string.Join(" and ", without.Select(one => $"{one:0}"))}/s, beside {asleep:N0} sleeping runs {loaded:0}/s = {loaded / clean:0.00}"));
    }
}
