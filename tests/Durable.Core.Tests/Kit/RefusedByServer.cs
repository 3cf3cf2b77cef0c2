// What a database's driver throws when the server answers with an error.
using System.Data.Common;
using Durable.Storage;

namespace Durable.Core.Tests.Kit;

/// <summary>An error with an SQLSTATE, or a connection that broke.</summary>
internal sealed class RefusedByServer(string? sqlState) : DbException("refused")
{
    public override string? SqlState => sqlState;

    public override bool IsTransient => sqlState is null;

    /// <summary>As a store throws it.</summary>
    public static DurableException As(string? sqlState) => new(DurableErrorCodes.StoreUnavailable, sqlState is null ? "The server cannot be reached." : $"It is refused (SQLSTATE {sqlState}).", new RefusedByServer(sqlState));
}
