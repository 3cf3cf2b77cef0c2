// Figures of the test kit: dotnet run -c Release --project bench/Durable.Testing.Bench -- timers
using Durable.Testing.Bench;

return args switch
{
    ["timers", ..] => await TimersBench.RunAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("timers: a workflow with ten one-day timers in a WorkflowTestHost");
    return 2;
}
