// The order workflow: charge, wait for approval, stamp, pack (a child), ship – and undo what was done if something fails.
using Durable;
using Microsoft.Extensions.Logging;

namespace Samples.Orders;

/// <summary>What a customer ordered.</summary>
public sealed record Order(string Id, string Card, decimal Total, IReadOnlyList<string> Items);

/// <summary>What the customer gets.</summary>
public sealed record Receipt(string? Tracking, string? Stamp)
{
    public static Receipt Expired { get; } = new(null, null);
}

/// <summary>Takes and returns money.</summary>
public interface IPayments
{
    Task<string> ChargeAsync(string card, decimal amount);

    Task RefundAsync(string charge);
}

/// <summary>Sends parcels.</summary>
public interface IWarehouse
{
    Task<string> ShipAsync(string parcel);

    Task<string> PickAsync(string item);
}

/// <summary>One order, from charge to parcel.</summary>
public sealed class OrderWorkflow(WorkflowContext workflow, IPayments payments, IWarehouse warehouse, ILogger<OrderWorkflow> log)
{
    private string? approvedBy;

    [Run]
    public async Task<Receipt> RunAsync(Order order)
    {
        var saga = workflow.StartSaga();
        var charge = await payments.ChargeAsync(order.Card, order.Total);
        saga.OnFailure(() => payments.RefundAsync(charge));

        if (order.Total > 10_000m && !await workflow.WaitUntilAsync(() => approvedBy is not null, TimeSpan.FromDays(3)))
            return await saga.CompensateAsync(Receipt.Expired);

        var stamp = await workflow.StepAsync("stamp", (IStamper stamper) => stamper.NextAsync());
        var parcel = await workflow.RunChildAsync((PackingWorkflow w) => w.RunAsync(order.Items));
        var tracking = await warehouse.ShipAsync(parcel);
        log.LogInformation("Order {Order} approved by {Approver} was shipped as {Tracking}", order.Id, approvedBy, tracking);
        return new Receipt(tracking, stamp);
    }

    [Signal]
    public void Approve(string by) => approvedBy = by;

    [Query]
    public string State => approvedBy is null ? "waiting for approval" : $"approved by {approvedBy}";
}

/// <summary>Packs a parcel, item by item; a child of the order.</summary>
public sealed class PackingWorkflow(WorkflowContext workflow, IWarehouse warehouse)
{
    [Run]
    public async Task<string> RunAsync(IReadOnlyList<string> items)
    {
        var picked = await workflow.ForEachAsync(items, maxParallel: 2, warehouse.PickAsync);
        await workflow.DelayAsync(TimeSpan.FromMilliseconds(300));
        return string.Join('+', picked);
    }
}
