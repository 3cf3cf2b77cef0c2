// Measures Durable beside the bare protocol on the same machine: dotnet run -c Release --project bench/Durable.Bench -- W1 [--store postgres|sqlite] [--short]
using Durable.Bench;

try
{
    var options = BenchOptions.Parse(args);
    return options.Workload switch
    {
        Child.Command => await Child.RunAsync(options.Rest),
        "list" => List(),
        "all" => await Runner.AllAsync(options),
        "soak" => await Soak.RunAsync(options),
        "smoke" => await Runner.SmokeAsync(options),
        _ => await Runner.OneAsync(options),
    };
}
catch (ArgumentException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

static int List()
{
    foreach (var workload in Runner.Workloads) Console.WriteLine($"{workload.Name,-6} {workload.Title} ({workload.Unit})");
    return 0;
}
