// What can be wrong with a file or a library when a store opens it, and what the error says.
using System.Reflection;
using System.Runtime.Loader;

namespace Durable.Storage.Sqlite.Tests;

public sealed class OpeningTests : SqliteFixture
{
    [Test]
    public void Without_a_native_library_the_error_names_the_package_to_add()
    {
        var apart = new ContextWithoutBundle();
        var errors = apart.LoadFromAssemblyPath(typeof(SqliteErrors).Assembly.Location).GetType(typeof(SqliteErrors).FullName!)!;
        var thrown = Assert.Throws<TargetInvocationException>(() => errors.GetMethod(nameof(SqliteErrors.RequireLibrary))!.Invoke(null, null))!.InnerException!;
        Assert.That(thrown.Message, Does.StartWith("DUR1003").And.Contain("Microsoft.Data.Sqlite").And.Contain("SQLitePCLRaw.bundle_e_sqlite3"));
    }

    [Test]
    public void An_old_library_is_refused_with_both_versions()
    {
        var thrown = Assert.Throws<DurableException>(() => SqliteErrors.RequireVersion(3_034_001));
        Assert.That((thrown!.Code, thrown.Message), Is.EqualTo((DurableErrorCodes.SqliteTooOld, thrown.Message)));
        Assert.That(thrown.Message, Does.Contain("3.34.1").And.Contain("3.35"));
        Assert.That(SqliteErrors.RequireVersion(3_035_000), Is.EqualTo(3_035_000));
    }

    [Test]
    public async Task A_file_that_needs_a_newer_build_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute(Connect(), "update durable_schema set min_build_format = 2");
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.SchemaNewer, FilePath);
    }

    [Test]
    public async Task A_newer_file_that_still_accepts_this_build_is_opened()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute(Connect(), "update durable_schema set format = 2; insert into durable_schema_version (number, name, hash, applied_at) values (2, 'later', 'x', 0)");
        Assert.That((await NewStore().InitializeAsync()).SchemaVersion, Is.EqualTo(2));
    }

    [Test]
    public async Task A_changed_migration_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute(Connect(), "update durable_schema_version set hash = 'something else' where number = 1");
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.MigrationChanged, "0001_tables");
    }

    [Test]
    public async Task Opening_again_applies_nothing_and_keeps_the_identity()
    {
        var first = await NewStore().InitializeAsync();
        var store = NewStore();
        var again = await store.InitializeAsync();
        Assert.That(again, Is.EqualTo(first));
        Assert.That(await store.InitializeAsync(), Is.EqualTo(first));
        Assert.That(first with { InstallationId = Guid.Empty }, Is.EqualTo(new StoreInfo(1, Guid.Empty, false, 128)));
        Assert.That(Count(Connect(), "durable_schema_version"), Is.EqualTo(Migration.All.Count));
    }

    [Test]
    public async Task Two_stores_that_open_a_new_file_at_once_share_it()
    {
        var infos = await Task.WhenAll(NewStore().InitializeAsync(), NewStore().InitializeAsync(), NewStore().InitializeAsync());
        Assert.That(infos.Select(info => info.InstallationId).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_new_file_that_a_tool_has_locked_is_reported_as_locked()
    {
        using var locked = Connect();
        Execute(locked, "begin exclusive");
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.DatabaseFileLocked, FilePath);
    }

    [Test]
    public async Task A_file_that_is_no_database_is_said_to_be_none()
    {
        File.WriteAllText(FilePath, new string('x', 8192));
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.StoreUnavailable, "not an SQLite database");
    }

    [Test]
    public async Task A_missing_folder_is_named()
    {
        await AssertCodeAsync(() => OpenAsync(PathOf("nowhere/engine.db")), DurableErrorCodes.StoreUnavailable, "folder", "nowhere");
    }

    [TestCase(SqliteFailure.ReadOnly, DurableErrorCodes.StoreUnavailable, "read-only")]
    [TestCase(SqliteFailure.CannotOpen, DurableErrorCodes.StoreUnavailable, "cannot be opened")]
    [TestCase(SqliteFailure.Corrupt, DurableErrorCodes.StoreUnavailable, "damaged")]
    [TestCase(SqliteFailure.Full, DurableErrorCodes.DiskFull, "full")]
    [TestCase(SqliteFailure.Busy, DurableErrorCodes.DatabaseFileLocked, "locked")]
    [TestCase(SqliteFailure.IoError | (4 << 8), DurableErrorCodes.StoreUnavailable, "disk I/O error")]
    public void A_result_code_becomes_an_error_with_a_way_out(int code, string expected, string words)
    {
        var error = SqliteErrors.Translate(new SqliteFailure(code, "disk I/O error", "Fence"), "/data/engine.db");
        Assert.That(error.Code, Is.EqualTo(expected));
        Assert.That(error.Message, Does.Contain(words).And.Contain("/data/engine.db"));
    }

    [TestCase("create table Durable_Event (id)", "durable_event")]
    [TestCase("create view durable_event as select 1", "durable_event")]
    [TestCase("create table durable_runs (id)", "durable_runs")]
    [TestCase("create table durable_run_workflow (id)", "durable_run_workflow")]
    [TestCase("create table durable_schema_version (number)", "durable_schema_version")]
    [TestCase("create table durable_schema (id)", "durable_schema")]
    public async Task An_object_of_the_application_with_a_name_of_the_engine_is_refused_and_not_touched(string sql, string name)
    {
        Execute(Connect(), sql);
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.StoreUnavailable, $"'{name}'", FilePath, "Rename it");
        Assert.That(Count(Connect(), "sqlite_master"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_index_of_the_application_with_a_name_of_the_engine_is_refused()
    {
        Execute(Connect(), "create table orders (closed_at); create index durable_run_closed on orders (closed_at)");
        await AssertCodeAsync(() => OpenAsync(), DurableErrorCodes.StoreUnavailable, "'durable_run_closed'");
        Assert.That(Count(Connect(), "sqlite_master"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_application_may_use_every_word_of_the_engine_without_the_prefix()
    {
        var words = Migration.All.SelectMany(migration => migration.Makes).Select(name => name["durable_".Length..]).ToList();
        Assert.That(words, Is.SupersetOf(new[] { "event", "task", "schema_version", "runs" }));
        foreach (var word in words)
            Execute(Connect(), $"create table {word} (id integer primary key); insert into {word} values (7)");

        var store = await OpenAsync();
        await store.PutDocumentAsync(new("default", "note", "a", 0, 1, "{}"));
        Assert.That(words.Select(word => Count(Connect(), word)), Is.All.EqualTo(1), "the application's rows, and no others");
    }

    [Test]
    public async Task A_verb_before_the_file_is_open_says_so()
    {
        await AssertCodeAsync(() => NewStore().FindRunAsync("default", "order-1", null), DurableErrorCodes.StoreUnavailable, "not open");
    }

    [Test]
    public async Task After_the_last_store_is_disposed_the_file_is_whole_and_free()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        await one.DisposeAsync();
        await two.PutDocumentAsync(new("default", "note", "a", 0, 1, "{}"));
        await two.DisposeAsync();
        Assert.That(File.Exists(FilePath + "-wal"), Is.False, "the log is in the file");
        File.Move(FilePath, PathOf("moved.db"));
        Assert.That(Count(Connect(PathOf("moved.db")), "durable_document"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_settings_of_the_writer_are_those_that_were_measured()
    {
        var store = await OpenAsync();
        string[] pragmas = ["journal_mode", "synchronous", "page_size", "cache_size", "wal_autocheckpoint", "foreign_keys"];
        var found = await store.Core.WriteAsync(session => pragmas.Select(pragma => session.Scalar($"pragma {pragma}")).ToList(), default);
        Assert.That(found, Is.EqualTo(new[] { "wal", "2", "4096", "-32768", "4000", "0" }));
    }

    [Test]
    public async Task Only_what_may_be_lost_with_the_power_does_not_wait_for_the_disk()
    {
        var store = await OpenAsync();
        Assert.That(await store.Core.WriteAsync(Sync, default, relaxed: true), Is.EqualTo("1"));
        Assert.That(await store.Core.WriteAsync(Sync, default), Is.EqualTo("2"));

        static string? Sync(Session session) => session.Scalar("pragma synchronous");
    }

    /// <summary>Has everything but a bundle, as an application that forgot the package.</summary>
    private sealed class ContextWithoutBundle() : AssemblyLoadContext("without a bundle")
    {
        protected override Assembly? Load(AssemblyName name) => name.Name is "Microsoft.Data.Sqlite" or "SQLitePCLRaw.core"
            ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name.Name + ".dll")) : null;
    }
}
