// Breaks real workers and their database for a while, and proves from a ledger outside of the engine that nothing was lost, stuck, divergent or doubled.
//   dotnet run -c Release --project tests/Durable.Chaos -- --minutes 1 --fault kill
using Durable.Chaos;
using Durable.Chaos.Situations;
using Durable.Chaos.Workers;

if (args is ["worker", .. var rest]) return await WorkerProgram.RunAsync(rest);

using var abort = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    abort.Cancel();
};
try
{
    var options = ChaosOptions.Parse(args);
    return options.Situation is null ? await new Campaign(options, Console.Out).RunAsync(abort.Token) : await new Play(options, Console.Out).RunAsync();
}
catch (FormatException error)
{
    Console.Error.WriteLine($"{error.Message}\n{ChaosOptions.Usage}");
    return 2;
}
catch (InvalidOperationException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
