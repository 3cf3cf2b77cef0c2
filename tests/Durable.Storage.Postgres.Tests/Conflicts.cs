// SERIALIZABLE as engines that spread tables over machines have it: any transaction may end with 40001, in the middle or at its commit. What the engine does then, this does too.
using System.Data.Common;
using System.Reflection;
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Injects serialization failures into the engine's own sessions.</summary>
internal static class Conflicts
{
    /// <summary>Of a hundred statements that write, about so many fail; and as many transactions at their commit.</summary>
    private const int Percent = 3;

    /// <summary>Adds triggers to a migrated schema. Sessions of tests are left alone.</summary>
    public static Task InjectAsync(string schema) => PostgresServer.ExecuteAsync($$"""
        create sequence if not exists {{schema}}.injected;
        create or replace function {{schema}}.inject() returns trigger language plpgsql as $f$ begin
            if current_setting('application_name') like 'durable%' and random() < {{Percent}} / 100.0 then
                perform nextval('{{schema}}.injected');
                raise exception 'could not serialize access (injected)' using errcode = '40001';
            end if;
            return null;
        end $f$;
        do $d$ declare t text; begin
            foreach t in array array['lane', 'run', 'event', 'message', 'ready', 'owned', 'task', 'document', 'lease'] loop
                execute format('drop trigger if exists inject on {{schema}}.%I', t);
                execute format('create trigger inject after insert or update or delete on {{schema}}.%I for each statement execute function {{schema}}.inject()', t);
            end loop;
            foreach t in array array['commit_log'] loop
                execute format('drop trigger if exists inject_late on {{schema}}.%I', t);
                execute format('create constraint trigger inject_late after insert on {{schema}}.%I deferrable initially deferred for each row execute function {{schema}}.inject()', t);
            end loop;
        end $d$
        """);

    /// <summary>How many were injected so far: a sequence is not rolled back.</summary>
    public static Task<long> CountAsync(string schema) => PostgresServer.ScalarAsync<long>($"select case when is_called then last_value else 0 end from {schema}.injected");

    /// <summary>The store as the engine uses it: a batch that may be sent again is sent again, a verb that was not available is asked again.</summary>
    public static IDurableStore Patiently(IDurableStore store)
    {
        var proxy = DispatchProxy.Create<IDurableStore, Resending>();
        ((Resending)(object)proxy).Inner = store;
        return proxy;
    }

    /// <summary>Made by the runtime.</summary>
    public class Resending : DispatchProxy
    {
        private static readonly MethodInfo Repeating = typeof(Resending).GetMethod(nameof(RepeatAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

        internal IDurableStore Inner { get; set; } = null!;

        /// <inheritdoc/>
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IDurableStore.CommitAsync)) return Patient.SendAsync(() => (Task<CommitResult>)Call(targetMethod, args)!);
            if (targetMethod.ReturnType is not { IsGenericType: true } answer || answer.GetGenericTypeDefinition() != typeof(Task<>) || args!.Any(static argument => argument is DbTransaction)) return Call(targetMethod, args);
            return Repeating.MakeGenericMethod(answer.GenericTypeArguments).Invoke(null, [() => Call(targetMethod, args)]);
        }

        private static Task<T> RepeatAsync<T>(Func<object?> call) => Patient.DoAsync(() => (Task<T>)call()!);

        private object? Call(MethodInfo method, object?[]? arguments)
        {
            try
            {
                return method.Invoke(Inner, arguments);
            }
            catch (TargetInvocationException error) when (error.InnerException is { } inner)
            {
                throw inner;
            }
        }
    }
}

/// <summary>The injection itself.</summary>
public sealed class ConflictTests
{
    [Test]
    public async Task Batches_and_deliveries_that_meet_serialization_failures_are_sent_again_whole_and_count_once()
    {
        const int count = 150;
        await using var harness = (PostgresHarness)await Lacking.CreateAsync();
        var before = await Conflicts.CountAsync(harness.Schema);
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        for (var seq = 1; seq <= count; seq++)
        {
            Assert.That((await harness.Store.DeliverAsync(new([Make.Message(run, 1, seq)], []))).Accepted.Single(), Is.True);
            await lane.Batch().Consume(run, Make.Message(run, 1, seq), seq).CommitAsync();
        }

        Assert.That(await harness.Store.ReadEventsAsync(run.Id, 0, 0, 1_000), Has.Count.EqualTo(count + 1));
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(count + 1));
        var bit = await Conflicts.CountAsync(harness.Schema) - before;
        Assert.That(bit, Is.Positive, "the fault bit");
        await TestContext.Out.WriteLineAsync($"40001 injected {bit} times into {2 * count} transactions");
    }
}
