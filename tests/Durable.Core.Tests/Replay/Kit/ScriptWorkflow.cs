// One workflow class whose body is a lambda of the test, so that a construct is one expression.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Durable.Core.Tests.Replay;

/// <summary>What the body of a script may use.</summary>
public sealed class Script(WorkflowContext workflow, IActs acts, IOtherActs others, TimeProvider time, Random random, Random second, ILogger log, Mailbox<Item> items)
{
    private readonly List<string> trace = [];

    public WorkflowContext Workflow { get; } = workflow;

    public IActs Acts { get; } = acts;

    public IOtherActs Others { get; } = others;

    public TimeProvider Time { get; } = time;

    public Random Random { get; } = random;

    public Random Second { get; } = second;

    public ILogger Log { get; } = log;

    public Mailbox<Item> Items { get; } = items;

    public Func<string, Task> OnSignal { get; set; } = _ => Task.CompletedTask;

    public Func<string, Task<string>> OnUpdate { get; set; } = text => Task.FromResult(text);

    public Func<string> OnQuery { get; set; } = () => "";

    public Action<string> OnValidate { get; set; } = _ => { };

    /// <summary>A field of the workflow, as handlers change one.</summary>
    public int Count { get; set; }

    public string TraceText => string.Join(" ", trace);

    public void Trace(string what) => trace.Add(what);

    public async Task Mark(string name, Task task)
    {
        await task;
        Trace(name);
    }
}

public sealed class ScriptWorkflow
{
    private static readonly ConcurrentDictionary<string, Func<Script, Task>> Bodies = new(StringComparer.Ordinal);
    private readonly Script script;

    public ScriptWorkflow(WorkflowContext workflow, IActs acts, IOtherActs others, TimeProvider time, Random random, Random second, ILogger<ScriptWorkflow> log) =>
        script = new Script(workflow, acts, others, time, random, second, log, workflow.CreateMailbox<Item>("Items"));

    [Query]
    public string Trace => script.TraceText;

    [Query]
    public string Ask() => script.OnQuery();

    /// <summary>Lets a workflow id run a body.</summary>
    public static void Use(string workflowId, Func<Script, Task> body) => Bodies[workflowId] = body;

    [Run]
    public async Task<string> RunAsync()
    {
        await Bodies[script.Workflow.Info.WorkflowId](script);
        return script.TraceText;
    }

    [Signal]
    public Task Poke(string text) => script.OnSignal(text);

    [Update(Validator = nameof(Check))]
    public Task<string> Change(string text) => script.OnUpdate(text);

    public void Check(string text) => script.OnValidate(text);
}
