// Takes goods from the stock in the same transaction as the step's result: a crash, a retry or a second worker never takes them twice.
using Durable;
using Microsoft.EntityFrameworkCore;

namespace Samples.EfCore;

/// <summary>One purchase.</summary>
public sealed class PurchaseWorkflow(WorkflowContext workflow)
{
    [Run]
    public async Task<int> RunAsync(string id, string item, int count)
    {
        var left = await workflow.TransactAsync("take from stock", async (ShopDb db) =>
        {
            var stock = await db.Stocks.SingleAsync(stock => stock.Item == item);
            stock.Left -= count;
            await db.SaveChangesAsync();
            return stock.Left;
        });
        await workflow.DelayAsync(TimeSpan.FromMilliseconds(200));
        await workflow.StepAsync("tell", () => Console.Out.WriteLineAsync($"{id}: {count} {item} on the way, {left} left."));
        return left;
    }
}
