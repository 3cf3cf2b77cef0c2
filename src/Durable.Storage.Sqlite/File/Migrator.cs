// Brings a file to this build's schema: numbered migrations, each applied once, in one transaction, never changed afterwards.
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Durable.Storage.Sqlite;

/// <summary>What the file says about itself.</summary>
internal sealed record FileSchema(int Version, Guid InstallationId, int ShardModulus);

/// <summary>A migration of this build.</summary>
internal sealed partial record Migration(int Number, string Name, string Text)
{
    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = [.. Embedded.Names("Migration.").Select(name => new Migration(
        int.Parse(name.AsSpan("Migration.".Length, 4), System.Globalization.CultureInfo.InvariantCulture), name["Migration.".Length..], Embedded.Read(name)))];

    /// <summary>SHA-256 of the text.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>Tables, indexes and views that it makes, in order: in SQLite all three share one set of names.</summary>
    public IReadOnlyList<string> Makes { get; } = [.. Creations().Matches(Text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"^create (?:table|unique index|index|view) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Creations();
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
        var taken = TakenNames();
        if (!taken.Contains("durable_schema_version") || !taken.Contains("durable_schema"))
        {
            RefuseForeignObjects(taken);
            return [.. migrations];
        }
        CheckFormat();
        var applied = new Dictionary<int, string>();
        using (var statement = Statement.Prepare(session.Handle, Sql.Once("select number, hash from durable_schema_version")))
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
        using var insert = Statement.Prepare(session.Handle, Sql.Once("insert into durable_schema_version (number, name, hash, applied_at) values (?, ?, ?, ?)"));
        insert.Bind(migration.Number).Bind(migration.Name).Bind(migration.Hash).Bind(clock.GetUtcNow()).Run();
        if (migration.Number != 1)
            return;
        using var schema = Statement.Prepare(session.Handle, Sql.Once(
            "insert into durable_schema (id, format, min_build_format, installation_id, shard_modulus, place, accepted_at) values (1, ?, ?, ?, ?, ?, ?)"));
        schema.Bind(BuildFormat).Bind(BuildFormat).Bind(Guid.NewGuid()).Bind(ShardModulus).Bind(FilePlace.WithMark(FilePlace.Describe(path), 0)).Bind(clock.GetUtcNow()).Run();
    }

    private void CheckFormat()
    {
        var needed = int.Parse(session.Scalar("select min_build_format from durable_schema where id = 1") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        if (needed > BuildFormat)
            throw SqliteErrors.SchemaNewer(path, needed, BuildFormat);
    }

    /// <summary>The file may be the application's too; the names that the migrations of a new file make must be free in it.</summary>
    private void RefuseForeignObjects(HashSet<string> taken)
    {
        if (migrations.SelectMany(migration => migration.Makes).FirstOrDefault(taken.Contains) is { } name)
            throw SqliteErrors.ForeignObject(path, name);
    }

    /// <summary>Read in one statement: another process that migrates meanwhile has made all of its objects or none.</summary>
    private HashSet<string> TakenNames()
    {
        using var statement = Statement.Prepare(session.Handle, Sql.Once("select name from sqlite_master where type in ('table', 'index', 'view')"));
        return RowReader.All(statement, row => row.Text(0)).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    private FileSchema Read()
    {
        using var version = Statement.Prepare(session.Handle, Sql.Once("select max(number) from durable_schema_version"));
        version.Read();
        var number = version.Int32(0);
        var schema = session[SqlText.ReadSchema];
        if (!schema.Read())
            throw new SqliteFailure(SqliteFailure.Corrupt, "no schema row", nameof(SqlText.ReadSchema));
        var found = new FileSchema(number, schema.Id(2), schema.Int32(3));
        schema.Reset();
        return found;
    }
}
