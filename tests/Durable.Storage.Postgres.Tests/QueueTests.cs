// Queues on a real server: a backlog of 100,000 rows beside one small tenant, and a cluster limit under three hosts.
using System.Diagnostics;
using Durable.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Sends.</summary>
public interface IMailer
{
    /// <summary>Sends one.</summary>
    Task<int> SendAsync(int number);
}

/// <summary>Counts how many are under way.</summary>
internal sealed class Mailer(MailGauge gauge) : IMailer
{
    public async Task<int> SendAsync(int number)
    {
        gauge.Begin();
        await Task.Delay(2);
        gauge.End();
        return number;
    }
}

/// <summary>What is under way in all hosts of a test.</summary>
internal sealed class MailGauge
{
    private readonly Lock gate = new();
    private int running;

    public int Most { get; private set; }

    public int Count { get; private set; }

    public void Begin()
    {
        lock (gate) (Most, Count) = (Math.Max(Most, ++running), Count + 1);
    }

    public void End()
    {
        lock (gate) running--;
    }
}

/// <summary>Sends many at once.</summary>
public sealed class Mailing(WorkflowContext workflow, IMailer mailer)
{
    [Run]
    public async Task<int> RunAsync(int count)
    {
        var queued = workflow.With(mailer, new() { Queue = "mail" });
        return (await Task.WhenAll(Enumerable.Range(1, count).Select(queued.SendAsync))).Sum();
    }
}

/// <summary>Turns and limits.</summary>
public sealed class QueueTests
{
    [Test]
    public async Task The_task_of_a_small_tenant_is_among_the_first_claimed_beside_a_hundred_thousand_of_another()
    {
        await using var harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var (big, small) = (await lane.StartAsync(Make.Run("order-1", "big")), await lane.StartAsync(Make.Run("order-1", "small")));
        await PostgresServer.ExecuteAsync($"""
            insert into {harness.Schema}.task (run_id, gen, task_no, shard, namespace, activity, queue, priority, visible_at, attempt, logical_attempt, visibility, cancel, encoding)
            select '{big.Id}', 0, i, {big.Shard}, 'big', 'Charge', '', 0, now() - interval '1 hour', 0, 0, interval '1 minute', false, 0 from generate_series(1, 100000) i
            """);
        await lane.Batch().Task(Make.Task(small, 1, (await harness.Store.LookAsync(Make.Look(lane.Key))).Now)).CommitAsync();

        var watch = Stopwatch.StartNew();
        var claimed = await harness.Store.ClaimTasksAsync(new(ShardGroup.Whole, [""], ["Charge"], 10));
        TestContext.Out.WriteLine($"One claim of 10 beside 100,000 due rows: {watch.Elapsed.TotalMilliseconds:0.0} ms.");
        Assert.That(claimed.Tasks.Select(task => task.Namespace).Order(), Is.EqualTo(Enumerable.Repeat("big", 9).Append("small")));
        Assert.That(claimed.NextVisible, Is.LessThan(claimed.Now));
    }

    [Test]
    public async Task Three_hosts_on_one_database_keep_the_limit_of_the_cluster_and_give_all_slots_back()
    {
        await using var harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        var gauge = new MailGauge();
        var hosts = Enumerable.Range(1, 3).Select(i => Build(harness.Schema, $"host-{i}", gauge)).ToList();
        foreach (var host in hosts) await host.StartAsync();

        var runs = new List<RunHandle<Mailing, int>>();
        for (var i = 0; i < 6; i++) runs.Add(await hosts[i % 3].Services.GetRequiredService<DurableClient>().StartAsync((Mailing w) => w.RunAsync(20)));
        foreach (var run in runs) Assert.That(await run.ResultAsync(), Is.EqualTo(210));
        Assert.That((gauge.Count, gauge.Most), Is.EqualTo((120, gauge.Most)));
        Assert.That(gauge.Most, Is.InRange(1, 4));

        foreach (var host in hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {harness.Schema}.lease where name like 'queue/%'"), Is.Zero);
    }

    private static IHost Build(string schema, string name, MailGauge gauge)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(gauge).AddDurable(durable => durable.AddWorkflow<Mailing>().AddActivities<IMailer, Mailer>()
            .UsePostgres(PostgresServer.ConnectionString, o => o.Schema = schema).Configure(o =>
            {
                o.Identity = name;
                o.ServedQueues.Add("mail");
                o.QueueLimits["mail"] = new QueueLimit { Cluster = 4 };
            }));
        return builder.Build();
    }
}
