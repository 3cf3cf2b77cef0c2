// The inner loops alone, with what they allocate: dotnet run -c Release --project bench/Durable.Micro -- --filter '*Replay*'
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Durable.Micro;

// In this process: a copy of the project that the harness would build elsewhere would not find the repository's central package versions.
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
var config = ManualConfig.Create(DefaultConfig.Instance).AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).HideColumns(Column.Job, Column.Toolchain, Column.IterationCount, Column.LaunchCount, Column.WarmupCount);
if (args.Contains("--dry")) config = ManualConfig.Create(DefaultConfig.Instance).AddJob(Job.Dry.WithToolchain(InProcessEmitToolchain.Instance));      // one call of each: whether they run at all
var summaries = BenchmarkSwitcher.FromAssembly(typeof(BatchBench).Assembly).Run([.. args.Where(argument => argument != "--dry")], config).ToList();
return summaries.Count > 0 && summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
