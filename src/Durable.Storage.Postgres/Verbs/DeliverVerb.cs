// D1 and N1: what anybody inserts, on the store's connection or inside the user's own transaction.
using System.Data.Common;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Inserts messages with notices, and starts runs.</summary>
internal sealed class DeliverVerb(EngineConnections connections, Calls calls, Namespaces namespaces, HomeCheck home)
{
    public async Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        foreach (var start in delivery.Starts) namespaces.Touch(start.Namespace);
        foreach (var message in delivery.Messages) namespaces.Touch(message.Namespace);
        if (transaction is null)
        {
            var result = await SendAsync(delivery, cancellationToken).ConfigureAwait(false);
            // A commit through another node than the rows' may be answered before it is done there. The same keys again wait for that; what was consumed meanwhile comes a second time, which its receiver knows (docs/decisions/0020).
            if (delivery.Settled && calls.Shards is not null) await SendAsync(delivery, cancellationToken).ConfigureAwait(false);
            return result;
        }

        var own = await home.RequireAsync(transaction, cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAsync(delivery, () => calls.Batch(own), cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (!e.IsTransient)
        {
            // A transient error goes out as it is: the user's own retry strategy must recognize it (N4).
            throw Sqlstates.ToDurable(e, "deliver in the caller's transaction", connections.Description);
        }
    }

    /// <summary>What stands in the way of a start that was refused.</summary>
    public Task<StartResult> ExistingAsync(StartRecord start, CancellationToken cancellationToken) => calls.RunAsync("read the existing run", async (connection, ct) =>
    {
        var outcomes = new StartResult[1];
        await using var batch = calls.Batch(connection);
        await ReadExistingAsync(batch, [start], outcomes, ct).ConfigureAwait(false);
        return outcomes[0];
    }, cancellationToken);

    private Task<DeliverResult> SendAsync(Delivery delivery, CancellationToken cancellationToken) =>
        calls.RunAsync("deliver", (connection, ct) => RunAsync(delivery, () => Open(connection, delivery), ct), cancellationToken);

    // Several starts come from several callers. If a transaction of the user holds the id of one of them, the others shall not wait for it (G2): the caller sends each alone then.
    private PgBatch Open(NpgsqlConnection connection, Delivery delivery)
    {
        var batch = calls.Batch(connection, transaction: true);
        return delivery.Starts.Count > 1 ? batch.AddText("set local lock_timeout = '100ms'") : batch;
    }

    private static async Task<DeliverResult> RunAsync(Delivery delivery, Func<PgBatch> open, CancellationToken cancellationToken)
    {
        var accepted = new HashSet<(Guid, Guid, long)>();
        var started = new HashSet<Guid>();
        await using (var batch = open())
        {
            await FillAsync(batch, delivery, accepted, started, cancellationToken).ConfigureAwait(false);
        }

        var outcomes = delivery.Starts.Select(s => new StartResult(started.Contains(s.RunId), null)).ToArray();
        if (started.Count < outcomes.Length)
        {
            await using var batch = open();
            await ReadExistingAsync(batch, delivery.Starts, outcomes, cancellationToken).ConfigureAwait(false);
        }

        // The same key twice in one delivery: the first was accepted, the second was there before.
        return new DeliverResult([.. delivery.Messages.Select(m => accepted.Remove((m.RunId, m.Sender, m.SenderSeq)))], outcomes);
    }

    private static async Task FillAsync(PgBatch batch, Delivery delivery, HashSet<(Guid, Guid, long)> accepted, HashSet<Guid> started, CancellationToken cancellationToken)
    {
        var (starts, refusable, refusals, messages, letters) = (new StartColumns(), new RefusableColumns(), new MessageColumns(), new MessageColumns(), new MessageColumns());
        foreach (var start in delivery.Starts.OrderBy(s => s.WorkflowId, StringComparer.Ordinal))
        {
            starts.Add(start);
            if (start.IfRefused is not { } refusal) continue;
            refusable.Add(start);
            refusals.Add(refusal);
        }

        foreach (var message in delivery.Messages) (message.Notice ? messages : letters).Add(message);
        if (starts.Count > 0) batch.Add("StartWake", [], starts);
        if (refusals.Count > 0) batch.Add("StartRefused", [], refusable, refusals);
        if (messages.Count > 0) batch.Add("Deliver", [], messages);
        if (letters.Count > 0) batch.Add("DeliverLetters", [], letters);
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (starts.Count > 0)
        {
            started.UnionWith(await RowReader.AllAsync(reader, r => r.GetGuid(0), cancellationToken).ConfigureAwait(false));
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        }

        if (messages.Count > 0)
        {
            accepted.UnionWith(await RowReader.AllAsync(reader, r => (r.GetGuid(0), r.GetGuid(1), r.GetInt64(2)), cancellationToken).ConfigureAwait(false));
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        }

        if (letters.Count > 0)
            accepted.UnionWith(await RowReader.AllAsync(reader, r => (r.GetGuid(0), r.GetGuid(1), r.GetInt64(2)), cancellationToken).ConfigureAwait(false));
        await LaneVerbs.FinishAsync(reader, cancellationToken).ConfigureAwait(false);
    }

    // N1: refused. A second statement, after the first: it sees what the first could not (G4b).
    private static async Task ReadExistingAsync(PgBatch batch, IReadOnlyList<StartRecord> starts, StartResult[] outcomes, CancellationToken cancellationToken)
    {
        var refused = Enumerable.Range(0, outcomes.Length).Where(i => !outcomes[i].Started).ToArray();
        foreach (var i in refused)
            batch.Add("DeliverExisting", PgBatch.Uuid(starts[i].RunId), PgBatch.Text(starts[i].Namespace), PgBatch.Text(starts[i].WorkflowId), PgBatch.Short(starts[i].Shard));
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var i in refused)
        {
            var rows = await RowReader.AllAsync(reader, r => (Ours: r.GetBoolean(0), Run: RowReader.Run(r, 1)), cancellationToken).ConfigureAwait(false);
            if (rows.Count > 0) outcomes[i] = rows[0].Ours ? new StartResult(true, null) : new StartResult(false, rows[0].Run);
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        }

        await LaneVerbs.FinishAsync(reader, cancellationToken).ConfigureAwait(false);
    }
}
