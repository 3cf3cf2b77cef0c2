// Broken rules of slots (decision 3).
using Durable.Storage;

namespace Durable.Simulation;

internal sealed class NoSlotLimit : SimDatabase
{
    public override int TakeSlots(SlotRequest request) => base.TakeSlots(request with { Limit = request.Limit + 2 });
}
