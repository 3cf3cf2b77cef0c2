// Where the documents are.
namespace Durable.Simulation.Tests;

internal static class Repository
{
    /// <summary>The folder of the solution file.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Durable.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Durable.sln above {AppContext.BaseDirectory}.");
    }
}
