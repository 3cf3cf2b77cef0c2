// Which namespaces have ready rows. Looks go through them in turn, so that one tenant's backlog does not hide the others.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>A list that is read anew by full sweeps: skipping through the index meets dead entries that fast looks, with their low-water mark, must not.</summary>
internal sealed class Namespaces(Calls calls)
{
    private string[] known = [];

    /// <summary>Adds a namespace that this process has just written to.</summary>
    public void Touch(string name)
    {
        var seen = known;
        if (Array.IndexOf(seen, name) < 0) known = [.. seen, name];
    }

    /// <summary>All namespaces that may have rows.</summary>
    public async Task<string[]> ForAsync(NpgsqlConnection connection, bool sweep, CancellationToken cancellationToken)
    {
        if (!sweep && known.Length > 0) return known;
        await using var batch = calls.Batch(connection).Add("LookNamespaces");
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        var found = await RowReader.AllAsync(reader, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, cancellationToken).ConfigureAwait(false);
        return known = [.. found];
    }
}
