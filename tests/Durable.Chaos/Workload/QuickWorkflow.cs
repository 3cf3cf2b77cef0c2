// The smallest workflow that is worth measuring: five steps that do nothing.
namespace Durable.Chaos.Workload;

/// <summary>Counts to five.</summary>
public sealed class QuickWorkflow(WorkflowContext workflow)
{
    [Run]
    public async Task<int> RunAsync(int number)
    {
        for (var step = 0; step < 5; step++)
        {
            var next = number + 1;
            number = await workflow.StepAsync("count", () => Task.FromResult(next));
        }

        return number;
    }
}
