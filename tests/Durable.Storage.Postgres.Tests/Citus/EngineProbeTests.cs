// The trials pass on PostgreSQL in each form the store takes, and each fails on an engine that lacks what it tries.
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary><see cref="EngineProbes"/>.</summary>
public sealed class EngineProbeTests
{
    private PostgresHarness migrated = null!;
    private string schema = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        migrated = await PostgresHarness.NewAsync(new PostgresVariant { Partitions = false }, own: true);
        await migrated.Store.InitializeAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await migrated.DisposeAsync();

    // Of a schema the trials use one table: copied, because some tests put something else in its place.
    [SetUp]
    public Task SetUpAsync()
    {
        schema = $"probe_{Environment.ProcessId}_{Guid.NewGuid():N}"[..24];
        return PostgresServer.ExecuteAsync($"create schema {schema}; create table {schema}.lease (like {migrated.Schema}.lease including all)");
    }

    [TearDown]
    public Task TearDownAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade");

    [Test]
    public async Task All_pass_on_PostgreSQL_and_leave_nothing([Values(false, true)] bool spread, [Values("read committed", "serializable")] string isolation, [Values(false, true)] bool lacking)
    {
        await using var connections = Connect(new PostgresVariant { Isolation = isolation, Pooler = lacking, SkipLocked = !lacking });
        await EngineProbes.RequireAsync(connections, 7, spread, CancellationToken.None);
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.lease"), Is.Zero);
        Assert.That(EngineProbes.All, Has.Count.EqualTo(6));
    }

    [Test]
    public async Task Rows_that_a_killed_process_left_are_removed_and_those_of_others_stay()
    {
        await PostgresServer.ExecuteAsync($"""
            insert into {schema}.lease (name, shard, epoch, expires_at, holder, units) values
                ('probe:old:1', 7, 1, now() - interval '2 hours', null, 1), ('probe:now:1', 7, 1, now(), null, 1), ('purge', 7, 1, now() - interval '2 hours', null, 1)
            """);
        await using var connections = Connect();
        await EngineProbes.RequireAsync(connections, 7, isSpread: false, CancellationToken.None);
        Assert.That(await PostgresServer.ScalarAsync<string>($"select string_agg(name, ' ' order by name) from {schema}.lease"), Is.EqualTo("probe:now:1 purge"));
    }

    [Test]
    public async Task An_engine_that_commits_statement_by_statement_is_refused() =>
        Assert.That(await RefusalAsync(new WithoutTransaction()), Does.Contain("batch atomicity: A batch that failed in its second statement left the row of its first one"));

    [Test]
    public async Task An_engine_that_forgets_what_was_committed_is_refused()
    {
        await LieAsync("insert", "if new.name like '%whole' then return new; end if; insert into {0}.real_lease select new.*; return new;");
        Assert.That(await RefusalAsync(new AtomicityProbe()), Does.Contain("batch atomicity: A batch that was committed has left nothing"));
    }

    [Test]
    public async Task An_engine_that_swallows_errors_is_refused()
    {
        await LieAsync("update", "return new;", expression: "epoch + 1");
        Assert.That(await RefusalAsync(new AtomicityProbe()), Does.Contain("batch atomicity: A division by zero in the middle of a batch was not reported"));
    }

    [Test]
    public async Task An_engine_that_reads_the_past_under_a_commit_in_doubt_is_refused() =>
        Assert.That(await RefusalAsync(new PlainRead()), Does.Contain("locking read of an unknown outcome: A statement that must wait for the commit of another session did not wait and saw 2 instead of 12"));

    [Test]
    public async Task An_engine_that_waits_and_then_tells_the_past_is_refused()
    {
        await LieAsync("update", "update {0}.real_lease set epoch = case when new.epoch > 10 then new.epoch else old.epoch end where name = new.name and shard = new.shard; return new;");
        Assert.That(await RefusalAsync(new LockingReadProbe()), Does.Contain("waited and saw 2 instead of 12"));
    }

    [Test]
    public async Task An_engine_whose_transactions_go_on_reading_what_was_there_when_they_began_is_refused() =>
        Assert.That(await RefusalAsync(new SnapshotReads()), Does.Contain("waited, and the statement behind it saw 0 of the 1 row"));

    [Test]
    public async Task An_engine_that_accepts_a_key_twice_is_refused()
    {
        await PostgresServer.ExecuteAsync($"alter table {schema}.lease drop constraint lease_pkey");
        Assert.That(await RefusalAsync(new DuplicateKeyProbe()), Does.Contain("duplicate key: A second row with the same primary key was accepted"));
    }

    [Test]
    public async Task An_engine_that_refuses_a_key_in_another_way_is_refused()
    {
        await PostgresServer.ExecuteAsync($"alter table {schema}.lease drop constraint lease_pkey, add constraint lease_pkey exclude (name with =, shard with =)");
        Assert.That(await RefusalAsync(new DuplicateKeyProbe()), Does.Contain("refused with SQLSTATE 23P01 instead of 23505"));
    }

    [Test]
    public async Task An_engine_that_gives_a_row_to_two_claims_is_refused()
    {
        await PostgresServer.ExecuteAsync($"create table {schema}.given (name text)");
        await LieAsync("delete", "if exists (select 1 from {0}.given g where g.name = old.name) then delete from {0}.real_lease r where r.name = old.name; else insert into {0}.given values (old.name); end if; return old;");
        Assert.That(await RefusalAsync(new ClaimProbe()), Does.Contain("four claimers: One of 40 rows went to 2 claims"));
    }

    [Test]
    public async Task An_engine_that_gives_out_no_rows_is_refused()
    {
        await LieAsync("delete", "return null;");
        Assert.That(await RefusalAsync(new ClaimProbe()), Does.Contain("four claimers: Of 40 rows 0 could be claimed"));
    }

    [TestCase("- interval '5 seconds'")]
    [TestCase("+ interval '5 seconds'")]
    public async Task An_engine_whose_clocks_differ_is_refused(string off)
    {
        await LieAsync("update", $"update {{0}}.real_lease set expires_at = new.expires_at {off} where name = new.name and shard = new.shard; return new;");
        Assert.That(await RefusalAsync(new ClockProbe()), Does.Contain("clock in writing against reading statements: The clock of writing statements is ").And.Contain("Let all of them follow the same time source"));
    }

    [Test]
    public async Task A_small_difference_of_clocks_is_borne()
    {
        await LieAsync("update", "update {0}.real_lease set expires_at = new.expires_at - interval '300 milliseconds' where name = new.name and shard = new.shard; return new;");
        await using var connections = Connect();
        await EngineProbes.RequireAsync(connections, 7, isSpread: true, CancellationToken.None, [new ClockProbe()]);
        Assert.That(ClockProbe.Bound, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task An_engine_that_keeps_settings_from_where_the_rows_are_is_refused_with_what_to_run()
    {
        var role = $"durable_probe_{Environment.ProcessId}";
        var password = Guid.NewGuid().ToString("N");
        var loose = new LooseSettings(new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Username = role, Password = password, Pooling = false }.ConnectionString);
        await PostgresServer.ExecuteAsync($"create role {role} login password '{password}'; grant usage on schema {schema} to {role}; grant all on {schema}.lease to {role}");
        try
        {
            var words = await RefusalAsync(loose);
            Assert.That(words, Does.Contain("settings where the rows are: enable_seqscan, enable_hashjoin, enable_mergejoin, jit are on").And.Contain($"alter role {role} set enable_seqscan = off; "));
            await PostgresServer.ExecuteAsync(words[words.IndexOf("alter role", StringComparison.Ordinal)..words.IndexOf("and connect again", StringComparison.Ordinal)]);
            await using var connections = Connect();
            await EngineProbes.RequireAsync(connections, 7, isSpread: true, CancellationToken.None, [loose]);
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    [Test]
    public async Task All_that_fail_are_told_at_once_and_an_engine_that_lacks_a_statement_tells_why()
    {
        await PostgresServer.ExecuteAsync($"alter table {schema}.lease drop constraint lease_pkey");
        var words = await RefusalAsync(new DuplicateKeyProbe(), new UnknownStatement(), new ClockProbe());
        Assert.That(words, Does.Contain("duplicate key: A second row").And.Contain("unknown: the engine refused a statement: function not_in_any_engine() does not exist (SQLSTATE 42883)"));
        Assert.That(words, Does.Not.Contain("clock").And.Contain("tried on shard 7"));
    }

    [Test]
    public async Task A_missing_right_and_a_missing_table_are_not_taken_for_an_unfit_engine()
    {
        await PostgresServer.ExecuteAsync($"drop table {schema}.lease");
        await using var connections = Connect();
        Assert.That((await Assert.ThrowsAsync<DurableException>(() => EngineProbes.RequireAsync(connections, 7, isSpread: false, CancellationToken.None)))!.Code, Is.EqualTo("DUR1015"));
    }

    private async Task<string> RefusalAsync(params EngineProbe[] probes)
    {
        await using var connections = Connect();
        var refused = await Assert.ThrowsAsync<DurableException>(() => EngineProbes.RequireAsync(connections, 7, isSpread: true, CancellationToken.None, probes));
        Assert.That(refused!.Code, Is.EqualTo("DUR1018"), refused.Message);
        return refused.Message;
    }

    private EngineConnections Connect(PostgresVariant? variant = null) =>
        new(new PostgresOptions { Schema = schema, Variant = variant ?? new() }, PostgresServer.ConnectionString, source: null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    // Puts a view in the table's place that does one verb in another way, and the two others as they are.
    private async Task LieAsync(string verb, string body, string expression = "epoch")
    {
        await PostgresServer.ExecuteAsync($"alter table {schema}.lease rename to real_lease; create view {schema}.lease as select name, shard, {expression} as epoch, expires_at, holder, units from {schema}.real_lease");
        foreach (var (name, honest) in new[]
        {
            ("insert", "insert into {0}.real_lease values (new.name, new.shard, new.epoch, new.expires_at, new.holder, new.units); return new;"),
            ("update", "update {0}.real_lease set epoch = new.epoch, expires_at = new.expires_at where name = new.name and shard = new.shard; return new;"),
            ("delete", "delete from {0}.real_lease where name = old.name and shard = old.shard; return old;"),
        })
        {
            var text = (name == verb ? body : honest).Replace("{0}", schema, StringComparison.Ordinal);
            await PostgresServer.ExecuteAsync($"create function {schema}.on_{name}() returns trigger language plpgsql as $f$ begin {text} end $f$; "
                + $"create trigger on_{name} instead of {name} on {schema}.lease for each row execute function {schema}.on_{name}()");
        }
    }

    // Each statement by itself, as a coordinator runs a pipeline that has no begin.
    private sealed class WithoutTransaction : AtomicityProbe
    {
        protected override NpgsqlBatch NewBatch(NpgsqlConnection connection, ProbeRoom room, params ReadOnlySpan<NpgsqlBatchCommand> commands)
        {
            var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
            foreach (var command in commands) batch.BatchCommands.Add(command);
            return batch;
        }
    }

    private sealed class PlainRead : LockingReadProbe
    {
        protected override string Question => "select epoch + 1 from $t where shard = $1 and name = $2";
    }

    private sealed class SnapshotReads : LockingReadProbe
    {
        protected override string Begin => "begin isolation level repeatable read";
    }

    // Without the engine's start-up options, as the sessions that Citus opens on its nodes.
    private sealed class LooseSettings(string connectionString) : SettingsProbe
    {
        protected override async ValueTask<NpgsqlConnection> OpenAsync(ProbeRoom room, CancellationToken cancellationToken) => await PostgresServer.OpenAsync(connectionString);
    }

    private sealed class UnknownStatement : EngineProbe
    {
        public override string Name => "unknown";

        public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
        {
            await using var connection = await room.OpenAsync(cancellationToken);
            return (string?)await ProbeRoom.ScalarAsync(connection, new NpgsqlBatchCommand("select not_in_any_engine()"), cancellationToken);
        }
    }
}
