// A server that has just been started may not answer in time where the machine has much else to do. Workers wait for it by themselves; so does the campaign.
using Durable.Engine.Hosting;

namespace Durable.Chaos.Workers;

/// <summary>Opens the campaign's own client.</summary>
internal static class Opening
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task ReadyAsync(EngineServices engine, CancellationToken abort)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                await engine.ReadyAsync(abort);
                return;
            }
            catch (DurableException error) when (error.Code == DurableErrorCodes.StoreUnavailable && Environment.TickCount64 < until)
            {
                await Task.Delay(200, abort);
            }
        }
    }
}
