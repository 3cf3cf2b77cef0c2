// Figures of the test kit: dotnet run -c Release --project bench/Durable.Testing.Bench -- timers | verify | gate [connection string of an empty PostgreSQL database]
using Durable.Testing.Bench;

return args switch
{
    ["timers", ..] => await TimersBench.RunAsync(),
    ["verify", ..] => await VerifyBench.RunAsync(),
    ["gate", var connection] => await GateBench.RunAsync(connection),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("timers: a workflow with ten one-day timers in a WorkflowTestHost");
    Console.Error.WriteLine("verify: events a second of Replay.Verify, from JSON");
    Console.Error.WriteLine("gate <connection>: the deploy gate over 10,000 open runs on PostgreSQL");
    return 2;
}
