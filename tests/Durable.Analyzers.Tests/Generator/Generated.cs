// Runs the generator over a text, and loads the result as an assembly.
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Durable.Analyzers.Generator;
using Durable.Analyzers.Tests.Kit;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Durable.Analyzers.Tests.Generator;

/// <summary>A compilation with what the generator adds to it.</summary>
internal static class Generated
{
    /// <summary>Runs the generator. Neither it nor what it writes may have a warning.</summary>
    public static (CSharpCompilation Compilation, ImmutableArray<GeneratedSourceResult> Files) Run(string source, string name = "Subject")
    {
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(Compiled.Usings, Parse), CSharpSyntaxTree.ParseText(source, Parse, "Subject.cs")], Compiled.References, Compiled.Options);
        var driver = CSharpGeneratorDriver.Create([new DurableGenerator().AsSourceGenerator()], parseOptions: Parse).RunGeneratorsAndUpdateCompilation(compilation, out var output, out var faults);
        Assert.That(faults, Is.Empty);
        var result = driver.GetRunResult().Results.Single();
        Assert.That(result.Exception, Is.Null);
        Assert.That(output.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(d => d.ToString()), Is.Empty,
            string.Join('\n', result.GeneratedSources.Select(file => file.SourceText.ToString())));
        return ((CSharpCompilation)output, result.GeneratedSources);
    }

    /// <summary>Compiles with or without the generator and loads the assembly; its module initializers have run then.</summary>
    public static Assembly Load(string source, bool generate)
    {
        var name = "Subject" + Guid.NewGuid().ToString("N");
        var compilation = generate ? Run(source, name).Compilation : Compiled.Of(source, name);
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        Assert.That(emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()), Is.Empty);
        image.Position = 0;
        return new AssemblyLoadContext(name, isCollectible: false).LoadFromStream(image);
    }

    /// <summary>The language of the texts.</summary>
    public static CSharpParseOptions Parse { get; } = new(LanguageVersion.Preview);
}
