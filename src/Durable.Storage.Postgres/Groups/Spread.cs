// Calls that are about more than one group: taken apart, sent to each, and put together again.
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Postgres;

/// <summary>Spreads calls over groups. With one group nothing is taken apart.</summary>
internal sealed class Spread(Routes routes, ILogger log)
{
    private readonly Calls coordinator = new(routes.Coordinator.Connections);
    private readonly MonthPurge months = new(new Calls(routes.Coordinator.Connections), log, isSpread: true);
    private bool isMidway;

    /// <summary>A call about rows of which each has a shard; the answers in any order.</summary>
    public async Task<IReadOnlyList<TOut>> ManyAsync<TIn, TOut>(IReadOnlyList<TIn> rows, Func<TIn, short> shard, Func<GroupStore, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> call)
    {
        if (routes.All is [var only]) return await call(only, rows).ConfigureAwait(false);
        var parts = rows.GroupBy(row => routes.Of(shard(row))).ToList();
        if (parts is [var one]) return await call(one.Key, rows).ConfigureAwait(false);
        return [.. (await Task.WhenAll(parts.Select(part => call(part.Key, [.. part]))).ConfigureAwait(false)).SelectMany(answers => answers)];
    }

    /// <summary>The same with one answer for each row, in the order of the rows.</summary>
    public async Task<IReadOnlyList<TOut>> EachAsync<TIn, TOut>(IReadOnlyList<TIn> rows, Func<TIn, short> shard, Func<GroupStore, IReadOnlyList<TIn>, Task<IReadOnlyList<TOut>>> call)
    {
        if (routes.All is [var only]) return await call(only, rows).ConfigureAwait(false);
        var parts = Enumerable.Range(0, rows.Count).GroupBy(i => routes.Of(shard(rows[i]))).Select(part => (Group: part.Key, Places: part.ToList())).ToList();
        var answers = new TOut[rows.Count];
        await Task.WhenAll(parts.Select(async part =>
        {
            var some = await call(part.Group, [.. part.Places.Select(i => rows[i])]).ConfigureAwait(false);
            for (var i = 0; i < some.Count; i++) answers[part.Places[i]] = some[i];
        })).ConfigureAwait(false);
        return answers;
    }

    /// <summary>A call to every group; a group that does not answer fails it, for half an answer would be a wrong one.</summary>
    public async Task<IReadOnlyList<T>> EveryAsync<T>(Func<GroupStore, Task<T>> call) => await Task.WhenAll(routes.All.Select(call)).ConfigureAwait(false);

    /// <summary>A call to every group that answers; at least one must.</summary>
    public async Task<IReadOnlyList<T>> AllAsync<T>(Func<GroupStore, Task<T>> call)
    {
        if (routes.All is [var only]) return [await call(only).ConfigureAwait(false)];
        var calls = routes.All.Select(async group =>
        {
            try
            {
                return (Answer: await call(group).ConfigureAwait(false), Error: (DurableException?)null);
            }
            catch (DurableException error) when (error.Code == DurableErrorCodes.StoreUnavailable)
            {
                Log.GroupLeftOut(log, error, group.Connections.Description);
                return (Answer: default(T)!, Error: error);
            }
        });
        var answers = await Task.WhenAll(calls).ConfigureAwait(false);
        if (Array.TrueForAll(answers, answer => answer.Error is not null)) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(answers[0].Error!);
        return [.. answers.Where(answer => answer.Error is null).Select(answer => answer.Answer)];
    }

    /// <summary>A delivery; what goes to one group is one transaction.</summary>
    public async Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (routes.All is [var only]) return await only.Deliver.DeliverAsync(delivery, transaction, cancellationToken).ConfigureAwait(false);
        var messages = Enumerable.Range(0, delivery.Messages.Count).ToLookup(i => routes.Of(delivery.Messages[i].Shard));
        var starts = Enumerable.Range(0, delivery.Starts.Count).ToLookup(i => routes.Of(delivery.Starts[i].Shard));
        var (accepted, outcomes) = (new bool[delivery.Messages.Count], new StartResult[delivery.Starts.Count]);
        foreach (var group in messages.Select(part => part.Key).Union(starts.Select(part => part.Key)))
        {
            var (some, begun) = (messages[group].ToList(), starts[group].ToList());
            var part = new Delivery([.. some.Select(i => delivery.Messages[i])], [.. begun.Select(i => delivery.Starts[i])]) { Settled = delivery.Settled };
            var result = await group.Deliver.DeliverAsync(part, transaction, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < some.Count; i++) accepted[some[i]] = result.Accepted[i];
            for (var i = 0; i < begun.Count; i++) outcomes[begun[i]] = result.Starts[i];
        }

        return new DeliverResult(accepted, outcomes);
    }

    /// <summary>Finds a document: documents of a run are keyed by it, others are asked for everywhere.</summary>
    public async Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken)
    {
        if (routes.All is [var only]) return await only.Catalog.FindDocumentAsync(ns, kind, key, cancellationToken).ConfigureAwait(false);
        if (key.Length >= 32 && Guid.TryParseExact(key.AsSpan(0, 32), "N", out var run)) return await routes.Of(Shards.Of(run)).Catalog.FindDocumentAsync(ns, kind, key, cancellationToken).ConfigureAwait(false);
        return (await AllAsync(group => group.Catalog.FindDocumentAsync(ns, kind, key, cancellationToken)).ConfigureAwait(false)).OfType<DocumentRecord>().FirstOrDefault();
    }

    /// <summary>A page of purging: whole months before the first page, then the groups in turn, until it is full.</summary>
    public async Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken)
    {
        if (routes.IsSpread && !isMidway && request.ClosedBefore is { } closedBefore) await DropMonthsAsync(closedBefore, cancellationToken).ConfigureAwait(false);
        var count = await PurgePageAsync(request, cancellationToken).ConfigureAwait(false);
        isMidway = count >= request.Limit;
        return count;
    }

    // The coordinator may be away while groups answer: the rows then go by pages.
    private async Task DropMonthsAsync(DateTimeOffset closedBefore, CancellationToken cancellationToken)
    {
        try
        {
            await coordinator.RunAsync("drop months", (connection, ct) => months.DropAsync(connection, closedBefore, ct), cancellationToken).ConfigureAwait(false);
        }
        catch (DurableException error) when (error.Code == DurableErrorCodes.StoreUnavailable)
        {
            Log.GroupLeftOut(log, error, routes.Coordinator.Connections.Description);
        }
    }

    private async Task<int> PurgePageAsync(PurgeRequest request, CancellationToken cancellationToken)
    {
        if (routes.All is [var only]) return await only.Purge.PurgeAsync(request, cancellationToken).ConfigureAwait(false);
        var purged = await AllAsync(group => group.Purge.PurgeAsync(request, cancellationToken)).ConfigureAwait(false);
        return Math.Min(request.Limit, purged.Sum());        // a full page says that there may be more
    }

    /// <summary>Servers that do not answer.</summary>
    public async Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken)
    {
        var faults = await Task.WhenAll(routes.All.GroupBy(group => group.Connections).Select(async server =>
        {
            try
            {
                await server.First().AskAsync(cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (DurableException error)
            {
                return new GroupFault(server.Key.Description, [.. server.Select(group => group.Placed.Group.Number)], error.Message);
            }
        })).ConfigureAwait(false);
        return [.. faults.OfType<GroupFault>()];
    }
}
