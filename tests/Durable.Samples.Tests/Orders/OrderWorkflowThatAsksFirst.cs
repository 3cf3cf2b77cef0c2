// The order workflow after a change that breaks open runs: it waits for the approval before it charges.
using Samples.Orders;

namespace Durable.Samples.Tests.Orders;

/// <summary>The same name, another order of things.</summary>
[Workflow("OrderWorkflow")]
public sealed class OrderWorkflowThatAsksFirst(WorkflowContext workflow, IPayments payments, IWarehouse warehouse)
{
    private string? approvedBy;

    [Run]
    public async Task<Receipt> RunAsync(Order order)
    {
        if (order.Total > 10_000m && !await workflow.WaitUntilAsync(() => approvedBy is not null, TimeSpan.FromDays(3))) return Receipt.Expired;
        await payments.ChargeAsync(order.Card, order.Total);
        var parcel = await workflow.RunChildAsync((PackingWorkflow w) => w.RunAsync(order.Items));
        return new Receipt(await warehouse.ShipAsync(parcel), null);
    }

    [Signal]
    public void Approve(string by) => approvedBy = by;
}
