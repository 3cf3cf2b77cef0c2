// Every statement that must reach its rows by key, with parameters as the provider sends them.
using Durable.Storage.Contract;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Fills a batch with the statements to explain.</summary>
internal static class PlanCases
{
    public static PgBatch All(NpgsqlConnection connection, string schema, int rows)
    {
        var batch = new PgBatch(connection, new PostgresOptions { Schema = schema }, pooler: false, transaction: false);
        var runs = Enumerable.Range(1, rows).Select(i => Make.Run("w" + i)).ToArray();
        var now = DateTimeOffset.UnixEpoch.AddYears(60);
        Commits(batch, runs);
        Looks(batch, runs);
        Tasks(batch, runs, now);
        Administration(batch, runs, now);
        return batch;
    }

    private static void Commits(PgBatch batch, TestRun[] runs)
    {
        batch.Add("CommitFence", PgBatch.Long(1), PgBatch.Short(0), PgBatch.Long(1), PgBatch.Long(1), PgBatch.OrNull(null, NpgsqlDbType.Bytea), PgBatch.Uuid(Guid.NewGuid()));
        batch.Add("CommitRenew", PgBatch.Long(1), PgBatch.Short(0), PgBatch.Long(1), PgBatch.Span(TimeSpan.FromSeconds(20)), PgBatch.Span(TimeSpan.FromSeconds(15)));
        batch.Add("OpenLaneNumber", PgBatch.Long(1), PgBatch.Short(0), PgBatch.Uuid(Guid.NewGuid()));
        batch.Add("ReapReleased", PgBatch.Long(1), PgBatch.Short(0));
        batch.Add("CommitConsume", [], Fill(new MessageKeyColumns(), runs, (set, run) => set.Add(Make.Message(run, 1, 1).Key)));
        batch.Add("CommitConsumeMessage", [], Fill(new MessageKeyColumns(), runs, (set, run) => set.Add(Make.Message(run, 1, 1).Key)));
        batch.Add("CommitPark", [PgBatch.Long(1)], Fill(new ParkColumns(), runs, (set, run) => set.Add(Make.Park(run))));
        batch.Add("CommitUpdate", [], Fill(new UpdateColumns(), runs, (set, run) => set.Add(new RunUpdate { RunId = run.Id, Shard = run.Shard, Gen = 1 })));
        batch.Add("CommitClose", [PgBatch.Long(1)], Fill(new CloseColumns(), runs, (set, run) => set.Add(Make.Close(run))));
        foreach (var name in new[] { "CommitCloseTasks", "CommitCloseNotices" }) batch.Add(name, [PgBatch.Long(1)], Keys(runs));
        batch.Add("CommitTaskDelete", [], Fill(new TaskKeyColumns(), runs, (set, run) => set.Add(new TaskKey(run.Id, 0, 1, run.Shard))));
        batch.Add("CommitClaim", PgBatch.Uuids([.. runs.Select(r => r.Id)]), PgBatch.Long(1));
        batch.Add("CommitStartOwned", [], Starts(runs));
        batch.Last.Add(PgBatch.Long(1));
        Fill(new EventColumns(), runs, (set, run) => set.Add(Make.Event(run, 0))).AttachTo(batch.Commands[^1]);
        batch.Add("StartWake", [], Starts(runs));
        batch.Add("StartRefused", [], Fill(new RefusableColumns(), runs, (set, run) => set.Add(Make.Start(run))), Messages(runs));
        batch.Add("CommitAppend", [], Fill(new EventColumns(), runs, (set, run) => set.Add(Make.Event(run, 1))));
        batch.Add("Deliver", [], Messages(runs)).Add("DeliverLetters", [], Messages(runs));
        batch.Add("CommitOutgoing", [], Fill(new OwnShardColumn(), runs, (set, run) => set.Add(new OutgoingRecord(run.Shard, Make.Message(run, 1, 1)))), Messages(runs));
        batch.Add("OutgoingDelete", [], Fill(new OutgoingKeyColumns(), runs, (set, run) => set.Add(new OutgoingKey(run.Id, 1, run.Shard))));
        batch.Add("LoadOutgoing", PgBatch.Uuids([.. runs.Select(r => r.Id)])).Add("PurgeWaiting", PgBatch.Uuids([.. runs.Select(r => r.Id)]));
        batch.Add("CommitDocument", [], Fill(new DocumentColumns(), runs, (set, run) => set.Add(new DocumentRecord("n", "update", run.WorkflowId, run.Shard, 1, "{}"))));
        batch.Add("CommitTrim", [], Fill(new TrimColumns(), runs, (set, run) => set.Add(new TrimRecord(run.Id, run.Shard, 1))));
        batch.Add("Heartbeat", PgBatch.Long(1), PgBatch.Short(0), PgBatch.Long(1), PgBatch.Span(TimeSpan.FromSeconds(20)));
        batch.Add("CloseLane", PgBatch.Long(1), PgBatch.Short(0), PgBatch.Long(1));
    }

    private static void Looks(PgBatch batch, TestRun[] runs)
    {
        var ids = runs.Select(r => r.Id).ToArray();
        var (spaces, serves, build, queues) = (new[] { "n" }, new[] { "Order@1" }, "b", new[] { "" });
        batch.Add("LookMail", PgBatch.Texts(spaces), PgBatch.From(null), PgBatch.Long(1), PgBatch.Texts(serves), PgBatch.Text(build), PgBatch.Texts(queues), PgBatch.Int(1000), PgBatch.Texts(null));
        batch.Add("LookWake", PgBatch.Texts(spaces), PgBatch.From(null), PgBatch.Texts(serves), PgBatch.Text(build), PgBatch.Texts(queues), PgBatch.Int(1000), PgBatch.Span(TimeSpan.FromMilliseconds(250)));
        batch.Add("LookNext", PgBatch.Texts(spaces), PgBatch.Texts(serves), PgBatch.Text(build), PgBatch.Texts(queues), PgBatch.Span(TimeSpan.FromMilliseconds(250)));
        batch.Add("LookNamespaces");
        foreach (var name in new[] { "LoadRuns", "LoadEvents", "LoadTasks", "ReadStatuses" }) batch.Add(name, PgBatch.Uuids(ids));
        batch.Add("LoadMessages", PgBatch.Uuids(ids), PgBatch.Int(1000));
        batch.Add("ReadReadyDepth", PgBatch.Texts(spaces));
        batch.Add("ReapSweep", PgBatch.Texts(spaces), PgBatch.From(null), PgBatch.Int(10_000), PgBatch.Int(1000));
        batch.Add("DeliverExisting", PgBatch.Uuid(ids[0]), PgBatch.Text("n"), PgBatch.Text("w1"), PgBatch.Short(0));
    }

    private static void Tasks(PgBatch batch, TestRun[] runs, DateTimeOffset now)
    {
        var (queues, known) = (new[] { "", "big" }, new[] { "Charge" });
        var token = Guid.NewGuid();
        TaskKey Key(TestRun run) => new(run.Id, 0, 1, run.Shard);
        NpgsqlParameter Most() => PgBatch.OrNull(new int?[] { 5, null }, NpgsqlDbType.Array | NpgsqlDbType.Integer);
        batch.Add("TaskClaim", PgBatch.Texts(queues), Most(), PgBatch.Texts(null), PgBatch.Texts(known), PgBatch.Int(10), PgBatch.Uuid(token));
        batch.Add("TaskNext", PgBatch.Texts(queues), Most(), PgBatch.Texts(null), PgBatch.Texts(known), PgBatch.Uuid(token));
        foreach (var name in new[] { "SlotKeep", "SlotGive", "SlotTake", "SlotInsert" })
        {
            batch.Add(name, PgBatch.Text("queue/mail"), PgBatch.Uuid(token), PgBatch.Int(5), PgBatch.Int(2), PgBatch.Int(7));
            if (name != "SlotGive") batch.Last.Add(PgBatch.Span(TimeSpan.FromSeconds(1)));
        }

        batch.Add("TaskHeartbeat", [], Fill(new TaskBeatColumns(), runs, (set, run) => set.Add(new TaskBeat(Key(run), token, TimeSpan.FromSeconds(1), null))));
        batch.Add("TaskComplete", [], Fill(new TaskEndColumns(), runs, (set, run) => set.Add(new TaskEnd(Key(run), token, Make.Message(run, 1, 1)))), Messages(runs));
        batch.Add("TaskRetry", [], Fill(new TaskRetryColumns(), runs, (set, run) => set.Add(new TaskEnd(Key(run), token, null))));
        batch.Add("TaskExpired", PgBatch.Int(100));
        batch.Add("CommitTaskInsert", [], Fill(new TaskColumns(), runs, (set, run) => set.Add(Make.Task(run, 1, now))));
    }

    private static void Administration(PgBatch batch, TestRun[] runs, DateTimeOffset now)
    {
        var id = runs[0].Id;
        batch.Add("FindRun", PgBatch.Text("n"), PgBatch.Uuid(id)).Add("FindNewestRun", PgBatch.Text("n"), PgBatch.Text("w1"));
        batch.Add("ReadEvents", PgBatch.Uuid(id), PgBatch.Int(0), PgBatch.Int(0), PgBatch.Int(100));
        foreach (var name in new[] { "ReadWake", "ReadOwner", "ReadInbox", "ReadTasks" }) batch.Add(name, PgBatch.Uuid(id));
        batch.Add("PurgeFind", PgBatch.Uuid(Guid.Empty), PgBatch.Uuid(id), PgBatch.From(now), PgBatch.Int(1000));
        foreach (var name in new[] { "PurgeReady", "PurgeMessages", "PurgeTasks", "PurgeDocuments", "PurgeBlobs", "PurgeOutgoing", "PurgeEvents", "PurgeRuns" }) batch.Add(name, [], Keys(runs));
        batch.Add("TryLease", PgBatch.Text("purge"), PgBatch.Uuid(id), PgBatch.Span(TimeSpan.FromSeconds(1)));
    }

    private static RunKeyColumns Keys(TestRun[] runs) => Fill(new RunKeyColumns(), runs, (set, run) => set.Add(run.Id, run.Shard));

    private static StartColumns Starts(TestRun[] runs) => Fill(new StartColumns(), runs, (set, run) => set.Add(Make.Start(run)));

    private static MessageColumns Messages(TestRun[] runs) => Fill(new MessageColumns(), runs, (set, run) => set.Add(Make.Message(run, 1, 1)));

    private static T Fill<T>(T set, TestRun[] runs, Action<T, TestRun> add) where T : ColumnSet
    {
        foreach (var run in runs) add(set, run);
        return set;
    }
}
