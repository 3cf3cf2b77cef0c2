// Members of the base library that workflow code may not use, as a table: type, members, rule, what to use instead.
using Durable.Analyzers.Rules;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Code;

/// <summary>One row.</summary>
internal readonly struct Api(string type, string members, DiagnosticDescriptor rule, string instead)
{
    /// <summary>Metadata name of the type; members of types derived from it count too.</summary>
    public string Type { get; } = type;

    /// <summary>Names of members, or null for all; <c>.ctor</c> is a constructor. A name with ! in front is allowed.</summary>
    public string[]? Members { get; } = members == "*" ? null : members.Split(' ');

    public DiagnosticDescriptor Rule { get; } = rule;

    public string Instead { get; } = instead;

    /// <summary>True if the row concerns that member.</summary>
    public bool Has(string member)
    {
        if (Members is null) return true;
        return Members[0][0] == '!' ? Array.IndexOf(Members, "!" + member) < 0 : Array.IndexOf(Members, member) >= 0;
    }
}

/// <summary>The rows.</summary>
internal static class ApiTable
{
    private const string Clock = "the context's UtcNow, or the injected TimeProvider";
    private const string Effect = "an activity or a step";
    private const string Own = "fields of the workflow and WaitUntilAsync";
    private const string Value = "a step that reads it, or an argument of [Run]";

    public static readonly Api[] Rows =
    [
        new("System.DateTime", "Now UtcNow Today", CodeRules.Clock, Clock),
        new("System.DateTimeOffset", "Now UtcNow", CodeRules.Clock, Clock),
        new("System.TimeProvider", "System", CodeRules.Clock, "the injected TimeProvider"),
        new("System.Diagnostics.Stopwatch", "*", CodeRules.Clock, Clock),
        new("System.Environment", "TickCount TickCount64", CodeRules.Clock, Clock),
        new("System.Guid", "NewGuid CreateVersion7", CodeRules.RandomId, "the context's NewGuid()"),
        new("System.IO.Path", "GetRandomFileName GetTempFileName", CodeRules.RandomId, "the context's NewGuid()"),
        new("System.Random", "Shared .ctor", CodeRules.RandomNumber, "an injected Random"),
        new("System.Security.Cryptography.RandomNumberGenerator", "*", CodeRules.RandomNumber, "an injected Random, or a step for secrets"),

        new("System.Threading.Timer", "*", CodeRules.RealTimer, "the injected TimeProvider's CreateTimer, or DelayAsync"),
        new("System.Timers.Timer", "*", CodeRules.RealTimer, "the injected TimeProvider's CreateTimer, or DelayAsync"),

        new("System.Threading.Tasks.Task", "Run", CodeRules.OtherScheduler, "an activity or a step; async code is called directly"),
        new("System.Threading.Tasks.Task", "WhenEach", CodeRules.WhenEach, "the context's WhenEachAsync"),
        new("System.Threading.CancellationTokenSource", "CancelAsync", CodeRules.CancelAsync, "Cancel()"),
        new("System.Threading.ThreadPool", "*", CodeRules.OtherThread, Effect),
        new("System.Threading.Thread", "Sleep", CodeRules.Blocking, "the context's DelayAsync"),
        new("System.Threading.Thread", ".ctor Start Join", CodeRules.OtherThread, Effect),
        new("System.Threading.Thread", "ManagedThreadId CurrentThread GetCurrentProcessorId", CodeRules.Machine, "nothing: threads change between turns"),
        new("System.Threading.Tasks.Parallel", "!ForEachAsync", CodeRules.OtherThread, "an activity, or the context's ForEachAsync"),
        new("System.Linq.ParallelEnumerable", "*", CodeRules.OtherThread, "LINQ without AsParallel"),
        new("System.Threading.ExecutionContext", "SuppressFlow", CodeRules.OtherThread, Effect),
        new("System.ComponentModel.BackgroundWorker", "*", CodeRules.OtherThread, Effect),

        new("System.Threading.Tasks.Task", "Wait WaitAll WaitAny RunSynchronously", CodeRules.Blocking, "await, with Task.WhenAll or Task.WhenAny for more than one"),
        new("System.Threading.SemaphoreSlim", "Wait", CodeRules.Blocking, Own),
        new("System.Threading.ManualResetEventSlim", "Wait", CodeRules.Blocking, Own),
        new("System.Threading.CountdownEvent", "Wait", CodeRules.Blocking, Own),
        new("System.Threading.Barrier", "SignalAndWait", CodeRules.Blocking, Own),
        new("System.Threading.WaitHandle", "WaitOne WaitAll WaitAny SignalAndWait", CodeRules.Blocking, Own),
        new("System.Threading.SpinWait", "SpinUntil SpinOnce", CodeRules.Blocking, Own),
        new("System.Threading.Monitor", "Wait", CodeRules.Blocking, Own),
        new("System.Threading.Monitor", "Enter TryEnter", CodeRules.Lock, Own),
        new("System.Threading.Lock", "Enter TryEnter EnterScope", CodeRules.Lock, Own),
        new("System.Threading.ReaderWriterLockSlim", "EnterReadLock EnterWriteLock EnterUpgradeableReadLock", CodeRules.Lock, Own),
        new("System.Collections.Concurrent.BlockingCollection`1", "Take TryTake Add GetConsumingEnumerable", CodeRules.Blocking, "a Queue<T> field and WaitUntilAsync, or a Mailbox"),

        new("System.IO.File", "*", CodeRules.InputOutput, Effect),
        new("System.IO.Directory", "*", CodeRules.InputOutput, Effect),
        new("System.IO.FileSystemInfo", "*", CodeRules.InputOutput, Effect),
        new("System.IO.DriveInfo", "*", CodeRules.InputOutput, Effect),
        new("System.IO.FileStream", "*", CodeRules.InputOutput, Effect),
        new("System.IO.FileSystemWatcher", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Http.HttpMessageInvoker", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Http.IHttpClientFactory", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Http.Json.HttpClientJsonExtensions", "*", CodeRules.InputOutput, Effect),
        new("System.Net.WebClient", "*", CodeRules.InputOutput, Effect),
        new("System.Net.WebRequest", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Dns", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Sockets.Socket", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Sockets.TcpClient", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Sockets.TcpListener", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Sockets.UdpClient", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Sockets.NetworkStream", "*", CodeRules.InputOutput, Effect),
        new("System.Net.WebSockets.WebSocket", "*", CodeRules.InputOutput, Effect),
        new("System.Net.Mail.SmtpClient", "*", CodeRules.InputOutput, Effect),
        new("System.Net.NetworkInformation.Ping", "*", CodeRules.InputOutput, Effect),
        new("System.IO.Pipes.PipeStream", "*", CodeRules.InputOutput, Effect),
        new("System.Data.Common.DbConnection", "*", CodeRules.InputOutput, "an activity, or TransactAsync"),
        new("System.Data.Common.DbCommand", "*", CodeRules.InputOutput, "an activity, or TransactAsync"),
        new("System.Data.Common.DbDataSource", "*", CodeRules.InputOutput, "an activity, or TransactAsync"),
        new("Microsoft.EntityFrameworkCore.DbContext", "*", CodeRules.InputOutput, "an activity, or TransactAsync"),
        new("System.Diagnostics.Process", "*", CodeRules.InputOutput, Effect),
        new("System.Console", "*", CodeRules.ConsoleUse, "the injected ILogger, which writes once, or a step"),

        new("System.Environment", "!NewLine !GetFolderPath !FailFast !TickCount !TickCount64", CodeRules.Machine, Value),
        new("System.AppContext", "*", CodeRules.Machine, Value),
        new("System.AppDomain", "*", CodeRules.Machine, Value),
        new("System.GC", "!SuppressFinalize !KeepAlive", CodeRules.Machine, "nothing"),
        new("System.TimeZoneInfo", "Local", CodeRules.Machine, "TimeZoneInfo.FindSystemTimeZoneById, or UTC"),
        new("System.DateTime", "ToLocalTime", CodeRules.Machine, "TimeZoneInfo.ConvertTime with a named zone, or UTC"),
        new("System.DateTimeOffset", "ToLocalTime LocalDateTime", CodeRules.Machine, "TimeZoneInfo.ConvertTime with a named zone, or UTC"),
        new("System.Runtime.InteropServices.RuntimeInformation", "*", CodeRules.Machine, Value),
        new("System.OperatingSystem", "*", CodeRules.Machine, Value),
        new("Microsoft.Extensions.Configuration.IConfiguration", "*", CodeRules.Machine, Value),
        new("Microsoft.Extensions.Options.IOptions`1", "*", CodeRules.Machine, Value),
        new("System.Configuration.ConfigurationManager", "*", CodeRules.Machine, Value),
        new("System.IServiceProvider", "*", CodeRules.InputOutput, "an activity or a step with the service as its parameter"),

        new("System.HashCode", "Combine ToHashCode", CodeRules.HashCode, "a hash of your own, of the bytes of the value"),
        new("System.Runtime.CompilerServices.RuntimeHelpers", "GetHashCode", CodeRules.HashCode, "an id of your own"),

        new("Durable.DurableClient", "*", CodeRules.ClientInRun, "the WorkflowContext, which has the same verbs"),
        new("Durable.RunHandle", "*", CodeRules.ClientInRun, "the WorkflowContext, which has the same verbs"),
    ];
}
