// Replay: the code of a run against the rows of its history.
using BenchmarkDotNet.Attributes;
using Durable.Bench;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Micro;

/// <summary>A whole short run, and a row of a long one.</summary>
public class ReplayBench
{
    private const int Steps = 1_000;
    private readonly PayloadSerializer serializer = new(null, 64, 1 << 21, null);
    private WorkflowDefinition definition = null!;
    private Template few = null!;
    private Template many = null!;

    /// <summary>Records both histories on the in-memory store.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var faults = new List<string>();
        var group = ActivityGroup.Read(typeof(IEcho), faults);
        definition = WorkflowDefinition.Read(typeof(Sequence), new WorkflowOptions(), type => type == typeof(IEcho) ? group : null, faults) ?? throw new InvalidOperationException(string.Join('\n', faults));
        few = Record(5);
        many = Record(Steps);
    }

    /// <summary>What it takes to take up a parked run of five steps, without the reading.</summary>
    [Benchmark]
    public object RunOfSixRows() => Replay(few);

    /// <summary>One row of a run of 1,001.</summary>
    [Benchmark(OperationsPerInvoke = Steps + 1)]
    public object RowOfMany() => Replay(many);

    private WorkflowExecution Replay(Template template)
    {
        var info = new WorkflowInfo("replay", template.Start.RunId, definition.Name, definition.Version) { Namespace = template.Namespace };
        var execution = new WorkflowExecution(definition, info, template.Start.Secret, serializer, new ExecutionLimits(20_000), NullLogSink.Instance, static _ => null);
        if (execution.Replay(template.Events) is { } verdict) throw new InvalidOperationException(verdict.Message);
        return execution.End is null ? throw new InvalidOperationException("The replay did not reach the end of the run.") : execution;
    }

    // The harness does not wait for a task here.
    internal static Template Record(int steps) => Template.RecordAsync(async client => await (await client.StartAsync((Sequence w) => w.RunAsync(steps))).ResultAsync(), isWide: false).GetAwaiter().GetResult();
}
