// A mailbox that many senders write to, while it continues as new again and again.
namespace Durable.Chaos.Workload;

/// <summary>One item.</summary>
public sealed record Item(string Sender, int Number);

/// <summary>What an inbox received so far.</summary>
/// <param name="Received">Items in the order they were received.</param>
/// <param name="Effects">How many activities ran.</param>
public sealed record InboxState(IReadOnlyList<string> Received, int Effects)
{
    public static InboxState Begin { get; } = new([], 0);
}

/// <summary>Receives what its plan says.</summary>
public sealed class InboxWorkflow(WorkflowContext workflow, IWork work)
{
    public Mailbox<Item> Items { get; } = workflow.CreateMailbox<Item>();

    [Run]
    public async Task<InboxState> RunAsync(InboxPlan plan, InboxState state)
    {
        var received = new List<string>(state.Received);
        var effects = state.Effects;
        var until = received.Count + plan.RollEvery;
        while (received.Distinct().Count() < plan.Senders * plan.PerSender)
        {
            if (received.Count >= until)
            {
                var next = new InboxState(received, effects);
                return workflow.ContinueAsNew(() => RunAsync(plan, next));
            }

            if (await Items.ReceiveAsync(TimeSpan.FromMilliseconds(800)) is not { } item) continue;      // timers race with mail
            received.Add($"{item.Sender}:{item.Number}");
            if (received.Count % plan.EffectEvery == 0)
            {
                await work.EffectAsync($"i{received.Count}", 5);
                effects++;
            }
        }

        return new InboxState(received, effects);
    }

    [Query]
    public int Waiting => Items.Count;
}
