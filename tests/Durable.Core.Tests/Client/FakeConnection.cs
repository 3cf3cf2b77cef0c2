// A connection for transactions that only say whether they are open.
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Durable.Core.Tests.Client;

internal sealed class FakeConnection : DbConnection
{
    [AllowNull]
    public override string ConnectionString { get; set; } = "";

    public override string Database => "";

    public override string DataSource => "";

    public override string ServerVersion => "";

    public override ConnectionState State => ConnectionState.Open;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override void Close() => ConnectionString = "";

    public override void Open() => throw new NotSupportedException();

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => new FakeTransaction(this);

    protected override DbCommand CreateDbCommand() => throw new NotSupportedException();
}
