// A transaction of a provider that no store knows.
using System.Data;
using System.Data.Common;

namespace Durable.Storage.Contract;

/// <summary>Belongs to no database.</summary>
public sealed class ForeignTransaction : DbTransaction
{
    public override IsolationLevel IsolationLevel => IsolationLevel.Unspecified;

    protected override DbConnection? DbConnection => null;

    public override void Commit() => throw new InvalidOperationException("Nobody may commit the transaction of a user.");

    public override void Rollback() => throw new InvalidOperationException("Nobody may roll the transaction of a user back.");
}
