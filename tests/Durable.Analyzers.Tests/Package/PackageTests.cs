// What users get: the packed Durable.Core brings rules and generator, and a trimmed program runs without code made at run time.
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Package;

[NonParallelizable]
internal sealed class PackageTests
{
    private const string Program = """
        using Durable;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;

        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddDurable(durable => durable.UseInMemory().AddWorkflow<Consumer.Flow>().AddActivities<Consumer.IGreet, Consumer.Greet>());
        using var host = builder.Build();
        await host.StartAsync();
        var run = await Consumer.FlowCalls.StartFlowAsync(host.Services.GetRequiredService<DurableClient>(), "Ada");
        Console.WriteLine(await run.ResultAsync());
        await host.StopAsync();

        namespace Consumer
        {
            public interface IGreet { Task<string> HelloAsync(string name); }
            public sealed class Greet : IGreet { public Task<string> HelloAsync(string name) => Task.FromResult($"hello {name}"); }
            public sealed class Flow(WorkflowContext workflow, IGreet greet)
            {
                [Run] public async Task<string> RunAsync(string name)
                {
                    var at = NOW;
                    return $"{await greet.With(new ActivityOptions { StartToClose = TimeSpan.FromMinutes(1) }).HelloAsync(name)} {at.Year > 2000}";
                }
            }
        }
        """;

    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("durable-package").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_fresh_project_gets_rules_and_generator_with_the_package()
    {
        var feed = Path.Combine(folder, "feed");
        var packed = await Dotnet.RunAsync(RepositoryProject.Root, "pack", "src/Durable.Core", "-c", RepositoryProject.Configuration, "--no-build", "-nologo", "-v", "q", $"-p:PackageOutputPath={feed}");
        Assert.That(packed.Code, Is.Zero, packed.Output);
        var project = Directory.CreateDirectory(Path.Combine(folder, "app")).FullName;
        File.WriteAllText(Path.Combine(project, "Directory.Build.props"), "<Project />");      // nothing of the folders above
        File.WriteAllText(Path.Combine(project, "app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings><TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestoreAdditionalProjectSources>{feed}</RestoreAdditionalProjectSources><RestorePackagesPath>{Path.Combine(folder, "packages")}</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Durable.Core" Version="{Regex.Match(Path.GetFileName(Directory.GetFiles(feed, "Durable.Core.*.nupkg").Single()), @"Durable\.Core\.(.+)\.nupkg").Groups[1].Value}" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.14" />
              </ItemGroup>
            </Project>
            """);

        File.WriteAllText(Path.Combine(project, "Program.cs"), Program.Replace("NOW", "DateTime.UtcNow", StringComparison.Ordinal));
        var wrong = await Dotnet.RunAsync(project, "build", "-nologo", "-v", "q", "-c", "Release");
        Assert.That(wrong.Code, Is.Not.Zero, wrong.Output);
        Assert.That(Regex.Matches(wrong.Output, @"error (\w+)").Select(match => match.Groups[1].Value).Distinct(), Is.EqualTo(["DUR6001"]), wrong.Output);

        File.WriteAllText(Path.Combine(project, "Program.cs"), Program.Replace("NOW", "workflow.UtcNow", StringComparison.Ordinal));
        var right = await Dotnet.RunAsync(project, "run", "-c", "Release");
        Assert.That(right.Code, Is.Zero, right.Output);
        Assert.That(right.Output, Does.Contain("hello Ada True"));
    }

    [Test]
    public async Task A_trimmed_program_without_dynamic_code_builds_without_a_warning_and_runs()
    {
        var published = await Dotnet.RunAsync(RepositoryProject.Root, "publish", "samples/01-Hello", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-p:PublishTrimmed=true", "-o", Path.Combine(folder, "hello"), "-nologo");
        Assert.That(published.Code, Is.Zero, published.Output);
        Assert.That(Regex.Matches(published.Output, @"IL[23]\d{3}").Select(match => match.Value).Distinct(), Is.Empty, published.Output);
        var settings = File.ReadAllText(Path.Combine(folder, "hello", "Samples.Hello.runtimeconfig.json"));
        Assert.That(settings, Does.Match("IsDynamicCodeSupported\": false").And.Match("IsReflectionEnabledByDefault\": false"));

        var run = await Dotnet.RunAsync(Path.Combine(folder, "hello", "Samples.Hello"), folder, []);
        Assert.That(run.Code, Is.Zero, run.Output);
        Assert.That(run.Output, Does.Contain("Hello Ada from"));
        var again = await Dotnet.RunAsync(Path.Combine(folder, "hello", "Samples.Hello"), folder, []);      // on the same file: what the first left is read
        Assert.That(again.Output, Does.Contain("Hello Ada from"));
    }
}
