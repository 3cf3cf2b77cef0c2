// The outside world of the sample: each effect takes a moment and leaves a line in effects.log, so that one can count them.
using Durable;

namespace Samples.Orders;

/// <summary>Numbers receipts; used by a durable step.</summary>
public interface IStamper
{
    Task<string> NextAsync();
}

/// <summary>A stamp made from the attempt's idempotency key: equal in all attempts.</summary>
public sealed class Stamper(ActivityContext attempt) : IStamper
{
    public Task<string> NextAsync() => Effects.DoAsync(attempt, "stamp", $"stamp-{attempt.IdempotencyKey[20..32]}");
}

/// <summary>A payment provider that takes the idempotency key, as real ones do.</summary>
public sealed class Payments(ActivityContext attempt) : IPayments
{
    public Task<string> ChargeAsync(string card, decimal amount) => Effects.DoAsync(attempt, "charge", $"charge-{card[^4..]}-{amount:0}");

    public Task RefundAsync(string charge) => Effects.DoAsync(attempt, "refund", charge);
}

/// <summary>A warehouse.</summary>
public sealed class Warehouse(ActivityContext attempt) : IWarehouse
{
    public Task<string> PickAsync(string item) => Effects.DoAsync(attempt, "pick", item.ToUpperInvariant());

    public Task<string> ShipAsync(string parcel) => Effects.DoAsync(attempt, "ship", $"parcel-{parcel.Length}");
}

/// <summary>Writes each effect to a file, flushed to the disk, outside the engine's sight.</summary>
public static class Effects
{
    private static readonly Lock Gate = new();

    public static string Path { get; set; } = "effects.log";

    public static async Task<string> DoAsync(ActivityContext attempt, string what, string result)
    {
        await Task.Delay(Random.Shared.Next(50, 150), attempt.CancellationToken);
        lock (Gate)
        {
            using var file = new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            file.Write(System.Text.Encoding.UTF8.GetBytes($"{attempt.IdempotencyKey}\t{what}\t{attempt.Attempt}\t{result}\n"));
            file.Flush(flushToDisk: true);
        }

        return result;
    }
}
