// Transactional steps where there are none.
using System.Data.Common;
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

public sealed class TransactionTests : Situation
{
    [Test]
    public async Task A_transactional_step_on_a_store_without_transactions_fails_at_once_and_says_so()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Transacting>());

        var run = await node.Client.StartAsync((Transacting w) => w.RunAsync());

        Assert.That(await run.ResultAsync(), Does.StartWith("DUR3101 after 1: ").And.Contain("no transactions"));
    }
}

/// <summary>A workflow with one transactional step.</summary>
public sealed class Transacting(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync()
    {
        try
        {
            return await workflow.TransactAsync("write", (DbTransaction _) => Task.FromResult("written"));
        }
        catch (ActivityFailedException failed)
        {
            return $"{failed.Code} after {failed.Attempts}: {failed.Failure.Message}";
        }
    }
}
