// The disk is full for a while: really so if the server's folder is on a small file system of its own (--data), else as the server would say it (SQLSTATE 53100).
using Durable.Chaos.Workers;
using Npgsql;

namespace Durable.Chaos.Faults;

/// <summary>Fills the disk and frees it. Bites as often as a worker was told so.</summary>
internal sealed class DiskFault(Fleet fleet, StorePlace store, string? data) : Fault("disk")
{
    private static readonly string[] Signs = ["DUR1007", "53100", "disk is full", "No space left"];

    private const string Fill = """
        create or replace function durable.chaos_disk() returns trigger language plpgsql as $f$ begin raise exception 'could not extend file: No space left on device (chaos)' using errcode = '53100'; end $f$;
        do $d$ declare t text; begin foreach t in array array['run', 'event', 'message', 'ready', 'commit_log', 'task'] loop
        execute format('create trigger chaos_disk before insert on durable.%I for each statement execute function durable.chaos_disk()', t); end loop; end $d$
        """;

    private const string Free = "drop function if exists durable.chaos_disk() cascade";
    private readonly string own = new NpgsqlConnectionStringBuilder(store.Place) { Pooling = false, ApplicationName = "chaos", CommandTimeout = 60 }.ConnectionString;

    public override string Details => data is null ? "as the server's error 53100" : $"a file system that was really full, {data}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(1_000, 3_000), stop))
        {
            Tried();
            var from = Moment.Now;
            if (data is null) await PretendAsync(random, stop);
            else await FillUpAsync(Path.Combine(data, "ballast"), random, stop);
            Injuries.Enqueue(new Injury(Kind, null, from, Moment.Now));          // leases cannot be renewed meanwhile
            Bit(fleet.Log.Count(line => Signs.Any(sign => line.Text.Contains(sign, StringComparison.Ordinal))) - Bites);
        }
    }

    private async Task PretendAsync(Random random, CancellationToken stop)
    {
        if (!await TryAsync(Fill)) return;
        await PauseAsync(random.Next(1_000, 4_000), stop);
        while (!await TryAsync(Free)) await Task.Delay(200, CancellationToken.None);
    }

    private async Task FillUpAsync(string path, Random random, CancellationToken stop)
    {
        try
        {
            await using var ballast = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[64 * 1024];
            while (true) await ballast.WriteAsync(block, CancellationToken.None);
        }
        catch (IOException)
        {
            await PauseAsync(random.Next(2_000, 6_000), stop);                   // that it is full was the purpose
        }
        finally
        {
            File.Delete(path);
        }

        await store.ReviveAsync();
    }

    private async Task<bool> TryAsync(string sql)
    {
        try
        {
            await using var connection = new NpgsqlConnection(own);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;                                                        // another fault is at work
        }
    }
}
