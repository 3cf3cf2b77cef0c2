// Stored rows, page by page, checked on the way.
using System.Runtime.CompilerServices;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Reads histories.</summary>
internal sealed class HistoryReader(ClientCore core)
{
    private const int Page = 1_000;

    /// <summary>The events of a run as people read them.</summary>
    public async IAsyncEnumerable<RunEvent> EventsAsync(RunTarget target, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await core.ReadAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        var expansion = new HistoryExpansion(run, core.Serializer.Codec, [.. core.Services.Options.RedactedNames]);
        await foreach (var row in RowsAsync(run, run.FirstGen, cancellationToken))
        {
            HistoryExpansion.ThrowIfUnknown(row);
            foreach (var one in expansion.Expand(row)) yield return one;
        }
    }

    /// <summary>The rows of a run from a generation on.</summary>
    /// <exception cref="DurableException">DUR5002: a row is missing or was changed.</exception>
    public async IAsyncEnumerable<EventRecord> RowsAsync(RunRecord run, int fromGen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chain = new HistoryChain();
        var (gen, seq) = (fromGen, 0);
        while (true)
        {
            var page = await core.Store.ReadEventsAsync(run.RunId, gen, seq, Page, cancellationToken);
            foreach (var row in page)
            {
                if (chain.Fault(row) is { } fault)
                {
                    // The owner deletes generations that need not be kept, perhaps just now: then the history begins later.
                    if (row.Gen < await FirstKeptAsync(run, cancellationToken)) continue;
                    throw new DurableException(DurableErrorCodes.HistoryBroken, $"The history of run '{run.WorkflowId}' ({run.RunId}) is broken: {fault} Restore its rows from a backup, or terminate the run.");
                }

                yield return row;
            }

            if (page.Count < Page) yield break;
            (gen, seq) = (page[^1].Gen, page[^1].Seq + 1);
        }
    }

    private async Task<int> FirstKeptAsync(RunRecord run, CancellationToken cancellationToken) =>
        (await core.Store.FindRunAsync(run.Namespace, null, run.RunId, cancellationToken))?.FirstGen ?? int.MaxValue;
}

/// <summary>Checks that rows follow one another and that none was changed.</summary>
internal sealed class HistoryChain
{
    private int gen = -1;
    private int next;
    private int crc;

    /// <summary>What is wrong with the next row, or null.</summary>
    public string? Fault(EventRecord row)
    {
        var (expected, before) = row.Gen == gen ? (next, crc) : (0, 0);
        if (row.Seq != expected) return $"event {row.Gen}:{expected} is missing.";
        if (row.Crc != Checksum.Of(row, before)) return $"event {row.Gen}:{row.Seq} has another checksum than its content.";
        (gen, next, crc) = (row.Gen, row.Seq + 1, row.Crc);
        return null;
    }
}
