// Brings a file to this build's schema: numbered migrations, each applied once, in one transaction, never changed afterwards.
using System.Security.Cryptography;
using System.Text;

namespace Durable.Storage.Sqlite;

/// <summary>What the file says about itself.</summary>
internal sealed record FileSchema(int Version, Guid InstallationId, int ShardModulus, string Place);

/// <summary>A migration of this build.</summary>
internal sealed record Migration(int Number, string Name, string Text)
{
    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = [.. Embedded.Names("Migration.").Select(name => new Migration(
        int.Parse(name.AsSpan("Migration.".Length, 4), System.Globalization.CultureInfo.InvariantCulture), name["Migration.".Length..], Embedded.Read(name)))];

    /// <summary>SHA-256 of the text.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
}

/// <summary>Applies and checks migrations.</summary>
internal sealed class Migrator(Session session, string path, TimeSpan busyLimit, TimeProvider clock, IReadOnlyList<Migration> migrations)
{
    /// <summary>Format that this build reads and writes. A file names the oldest that it accepts (DECISIONS 8).</summary>
    public const int BuildFormat = 1;

    private const int ShardModulus = 128;

    /// <summary>Reads the schema, and applies what is missing; a file that lacks nothing is not written.</summary>
    /// <exception cref="DurableException">DUR1005, DUR1006, DUR1008, DUR5001.</exception>
    public FileSchema Run()
    {
        if (Pending().Count > 0)
        {
            Patience.Begin(session, busyLimit);
            try
            {
                foreach (var migration in Pending())        // read again: another process may have been faster
                    Apply(migration);
                session[SqlText.Commit].Run();
            }
            catch
            {
                if (session.InTransaction)
                    session[SqlText.Rollback].Run();
                throw;
            }
        }
        return Read();
    }

    private List<Migration> Pending()
    {
        if (!HasTable("schema_version"))
        {
            RefuseForeignTables();
            return [.. migrations];
        }
        CheckFormat();
        var applied = new Dictionary<int, string>();
        using (var statement = Statement.Prepare(session.Handle, Sql.Once("select number, hash from schema_version")))
        {
            while (statement.Read())
                applied.Add(statement.Int32(0), statement.Text(1));
        }
        foreach (var migration in migrations)
        {
            if (applied.TryGetValue(migration.Number, out var hash) && hash != migration.Hash)
                throw SqliteErrors.MigrationChanged(path, migration.Name);
        }
        return [.. migrations.Where(migration => !applied.ContainsKey(migration.Number))];
    }

    private void Apply(Migration migration)
    {
        session.Execute(migration.Text);
        using var insert = Statement.Prepare(session.Handle, Sql.Once("insert into schema_version (number, name, hash, applied_at) values (?, ?, ?, ?)"));
        insert.Bind(migration.Number).Bind(migration.Name).Bind(migration.Hash).Bind(clock.GetUtcNow()).Run();
        if (migration.Number != 1)
            return;
        using var schema = Statement.Prepare(session.Handle, Sql.Once(
            "insert into schema (id, format, min_build_format, installation_id, shard_modulus, place, accepted_at) values (1, ?, ?, ?, ?, ?, ?)"));
        schema.Bind(BuildFormat).Bind(BuildFormat).Bind(Guid.NewGuid()).Bind(ShardModulus).Bind(FilePlace.Describe(path)).Bind(clock.GetUtcNow()).Run();
    }

    private void CheckFormat()
    {
        var needed = int.Parse(session.Scalar("select min_build_format from schema where id = 1") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        if (needed > BuildFormat)
            throw SqliteErrors.SchemaNewer(path, needed, BuildFormat);
    }

    /// <summary>A shared file may have tables of the application; those that the first migration makes must be free.</summary>
    private void RefuseForeignTables()
    {
        string[] names = ["schema", "lane", "run", "event", "message", "ready", "owned", "task", "schedule", "lease", "document", "blob", "commit_log", "outgoing"];
        if (names.FirstOrDefault(HasTable) is { } taken)
            throw SqliteErrors.ForeignTables(path, taken);
    }

    private bool HasTable(string name) => session.Scalar($"select 1 from sqlite_master where type in ('table', 'view') and name = '{name}' collate nocase") is not null;

    private FileSchema Read()
    {
        using var version = Statement.Prepare(session.Handle, Sql.Once("select max(number) from schema_version"));
        version.Read();
        var number = version.Int32(0);
        var schema = session[SqlText.ReadSchema];
        if (!schema.Read())
            throw new SqliteFailure(SqliteFailure.Corrupt, "no schema row", nameof(SqlText.ReadSchema));
        var found = new FileSchema(number, schema.Id(2), schema.Int32(3), schema.Text(4));
        schema.Reset();
        return found;
    }
}
