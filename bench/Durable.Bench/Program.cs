// Measures Durable beside the bare protocol on the same machine: dotnet run -c Release --project bench/Durable.Bench -- W1 [--store postgres|sqlite] [--short]
using Durable.Bench;

try
{
    var options = BenchOptions.Parse(args);
    var workload = Runner.Workloads.FirstOrDefault(known => known.Name.Equals(options.Workload, StringComparison.OrdinalIgnoreCase)) ?? throw new ArgumentException($"There is no workload {options.Workload}.\n{BenchOptions.Help}");
    await using var kind = new SqliteKind();
    var outcome = await Runner.RunAsync(workload, kind, options, smoke: false);
    Runner.Print(outcome);
    Console.WriteLine(outcome.ResultLine);
    return 0;
}
catch (ArgumentException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
